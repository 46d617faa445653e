"""Lots: what units cost, until when they are good, and who delivered them"""

from kit import migrations

revision = "0006"
down_revision = "0005"

# A shelf without lots says so, and nobody looks for any.
CREATE = """
    create table lots (
        business_id uuid not null,
        id uuid not null,
        sku text collate "C" not null,
        location text collate "C" not null,
        lot text not null,
        expiry_date date,
        unit_cost_q bigint,
        supplier text not null,
        received_at timestamptz not null,
        qty numeric(12, 3) not null,
        qty_left numeric(12, 3) not null,
        constraint lots_pkey primary key (business_id, id),
        constraint lots_shelf foreign key (business_id, sku, location) references stock (business_id, sku, location),
        constraint lots_qty check (qty > 0 and qty < 'NaN' and qty_left >= 0 and qty_left < 'NaN'),
        constraint lots_cost check (unit_cost_q >= 0)
    ) with (fillfactor = 85);
    create index lots_left on lots (business_id, sku, location, expiry_date) where qty_left > 0;
    create index lots_expiry on lots (business_id, expiry_date, id) where qty_left > 0;

    alter table stock add column has_lots boolean not null default false;
    alter table movements add column lot_id uuid;
    alter table transfer_lines
        add column lot text not null default '',
        add column expiry_date date,
        add column unit_cost_q bigint,
        add column supplier text not null default '';
"""
DROP = """
    alter table transfer_lines drop column supplier, drop column unit_cost_q, drop column expiry_date, drop column lot;
    alter table movements drop column lot_id;
    alter table stock drop column has_lots;
    drop table lots;
"""


def upgrade() -> None:
    """Makes the table and the columns."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops them."""
    migrations.script(DROP)
