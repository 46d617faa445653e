"""Transfers between locations, and movements by the time at which they hold"""

from alembic import op

from kit import migrations

revision = "0005"
down_revision = "0004"

CREATE = """
    create table transfers (
        business_id uuid not null,
        id uuid not null,
        from_location text collate "C" not null,
        to_location text collate "C" not null,
        reference text not null,
        status text not null,
        created_at timestamptz not null,
        closed_at timestamptz,
        constraint transfers_pkey primary key (business_id, id),
        constraint transfers_from foreign key (business_id, from_location) references locations (business_id, code),
        constraint transfers_to foreign key (business_id, to_location) references locations (business_id, code),
        constraint transfers_elsewhere check (from_location <> to_location),
        constraint transfers_status check (status in ('in_transit', 'received', 'cancelled')),
        constraint transfers_closed check ((status = 'in_transit') = (closed_at is null))
    );
    create table transfer_lines (
        business_id uuid not null,
        transfer_id uuid not null,
        n integer not null,
        sku text collate "C" not null,
        qty numeric(12, 3) not null,
        qty_received numeric(12, 3) not null,
        constraint transfer_lines_pkey primary key (business_id, transfer_id, n),
        constraint transfer_lines_transfer foreign key (business_id, transfer_id) references transfers (business_id, id),
        constraint transfer_lines_qty check (qty > 0 and qty < 'NaN' and qty_received between 0 and qty)
    );

    alter table movements
        add constraint movements_type check (
            case type
                when 'receipt' then qty_delta > 0
                when 'adjustment' then qty_delta <> 0
                when 'commit' then qty_delta < 0
                when 'return' then qty_delta > 0
                when 'transfer_out' then qty_delta < 0
                when 'transfer_in' then qty_delta > 0
                else false
            end
        ) not valid,
        drop constraint movements_qty;
"""
VALIDATE = "alter table movements validate constraint movements_type;"
# Beside writers; it takes the place of the one without the time.
INDEX = "create index concurrently movements_shelf on movements (business_id, sku, location, created_at)"
NO_INDEX = "drop index concurrently movements_stock"
OLD_INDEX = "create index concurrently movements_stock on movements (business_id, sku, location)"
NO_NEW_INDEX = "drop index concurrently movements_shelf"
DROP = """
    drop table transfer_lines, transfers;
    alter table movements
        add constraint movements_qty check (
            case type
                when 'receipt' then qty_delta > 0
                when 'adjustment' then qty_delta <> 0
                when 'commit' then qty_delta < 0
                when 'return' then qty_delta > 0
                else false
            end
        ) not valid,
        drop constraint movements_type;
"""


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(CREATE)
    with op.get_context().autocommit_block():
        migrations.script(VALIDATE, INDEX, NO_INDEX)


def downgrade() -> None:
    """Drops the tables; movements of transfers stay in the ledger."""
    migrations.script(DROP)
    with op.get_context().autocommit_block():
        migrations.script(OLD_INDEX, NO_NEW_INDEX)
