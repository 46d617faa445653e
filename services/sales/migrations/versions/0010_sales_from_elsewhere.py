"""Sales that another system has made, with its own number and time"""

from alembic import op

from kit import migrations

revision = "0010"
down_revision = "0009"

UP = "alter table sales add column external_ref text not null default '', add column sold_at timestamptz;"
# Beside writers.
INDEX = """
    create unique index concurrently sales_external_ref on sales (business_id, storefront, external_ref)
    where external_ref <> ''
"""
DOWN = "alter table sales drop column external_ref, drop column sold_at;"


def upgrade() -> None:
    """Adds the columns, and the index once they are there."""
    migrations.script(UP)
    with op.get_context().autocommit_block():
        migrations.script(INDEX)


def downgrade() -> None:
    """Drops them; what another system called a sale is forgotten."""
    migrations.script(DOWN)
