"""How often a sale's receipt was handed out"""

from kit import migrations

revision = "0009"
down_revision = "0008"

UP = """
    create table receipt_prints (
        business_id uuid not null,
        sale_id uuid not null,
        count integer not null,
        primary key (business_id, sale_id),
        constraint receipt_prints_sale foreign key (business_id, sale_id) references sales (business_id, id)
    );
"""


def upgrade() -> None:
    """Adds the table."""
    migrations.script(UP)


def downgrade() -> None:
    """Drops it: every receipt is an original again."""
    migrations.script("drop table receipt_prints;")
