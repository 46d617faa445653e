"""Orders that wait for goods"""

from kit import migrations

revision = "0010"
down_revision = "0009"

CREATE = """
    create table awaiting_orders (
        business_id uuid not null,
        sku text collate "C" not null,
        location text collate "C" not null,
        order_ref text collate "C" not null,
        refused_at timestamptz not null,
        constraint awaiting_orders_pkey primary key (business_id, sku, location, order_ref)
    )
"""
DROP = "drop table awaiting_orders"


def upgrade() -> None:
    """Makes the table."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the table."""
    migrations.script(DROP)
