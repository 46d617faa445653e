"""Safety stock, reorder points, and backorders"""

from alembic import op

from kit import migrations

revision = "0004"
down_revision = "0003"

# Safety stock that is null is the location's.
CREATE = """
    alter table locations
        add column safety_stock numeric(12, 3) not null default 0,
        add constraint locations_safety_stock check (safety_stock >= 0 and safety_stock < 'NaN') not valid;
    alter table stock
        add column reorder_point numeric(12, 3),
        add column safety_stock numeric(12, 3),
        add column backorder_limit numeric(12, 3) not null default 0,
        add constraint stock_settings check (
            least(reorder_point, safety_stock, backorder_limit) >= 0
            and greatest(reorder_point, safety_stock, backorder_limit) < 'NaN'
        ) not valid,
        add constraint stock_promised check (
            on_hand >= 0 and reserved >= 0 and reserved <= on_hand + backorder_limit
        ) not valid,
        drop constraint stock_counters;
"""
VALIDATE = """
    alter table locations validate constraint locations_safety_stock;
    alter table stock validate constraint stock_settings, validate constraint stock_promised;
"""
DROP = """
    alter table stock
        add constraint stock_counters check (on_hand >= 0 and reserved >= 0 and reserved <= on_hand) not valid,
        drop constraint stock_promised,
        drop constraint stock_settings,
        drop column backorder_limit,
        drop column safety_stock,
        drop column reorder_point;
    alter table locations drop constraint locations_safety_stock, drop column safety_stock;
"""


def upgrade() -> None:
    """Adds the columns."""
    migrations.script(CREATE)
    with op.get_context().autocommit_block():
        migrations.script(VALIDATE)


def downgrade() -> None:
    """Drops the columns; what is promised beyond what is there stays so until it is changed."""
    migrations.script(DROP)
