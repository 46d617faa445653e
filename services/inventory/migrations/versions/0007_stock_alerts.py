"""Alerts of low stock, and alternatives to products"""

from kit import migrations

revision = "0007"
down_revision = "0006"

# Whoever changes a shelf only leaves a mark when it crosses its reorder point, and waits for nobody; a sweep does the rest.
CREATE = """
    create table stock_crossings (
        business_id uuid not null,
        id uuid not null,
        sku text collate "C" not null,
        location text collate "C" not null,
        constraint stock_crossings_pkey primary key (business_id, id)
    );
    create function mark_crossing() returns trigger language plpgsql as $$
    begin
        insert into stock_crossings (business_id, id, sku, location)
        values (new.business_id, uuidv7(), new.sku, new.location);
        return null;
    end $$;
    create trigger stock_crossing after update on stock for each row
        when ((new.on_hand - new.reserved <= new.reorder_point) is distinct from (old.on_hand - old.reserved <= old.reorder_point))
        execute function mark_crossing();

    create table stock_alerts (
        business_id uuid not null,
        id uuid not null,
        sku text collate "C" not null,
        location text collate "C" not null,
        status text not null,
        available numeric(12, 3) not null,
        reorder_point numeric(12, 3) not null,
        opened_at timestamptz not null,
        acknowledged_at timestamptz,
        acknowledged_by text not null,
        closed_at timestamptz,
        constraint stock_alerts_pkey primary key (business_id, id),
        constraint stock_alerts_status check (status in ('open', 'acknowledged', 'closed')),
        constraint stock_alerts_closed check ((status = 'closed') = (closed_at is not null))
    ) with (fillfactor = 85);
    create unique index stock_alerts_open on stock_alerts (business_id, sku, location) where closed_at is null;

    create table product_alternatives (
        business_id uuid not null,
        sku text collate "C" not null,
        n integer not null,
        alternative text collate "C" not null,
        constraint product_alternatives_pkey primary key (business_id, sku, n),
        constraint product_alternatives_sku foreign key (business_id, sku) references products (business_id, sku),
        constraint product_alternatives_to foreign key (business_id, alternative) references products (business_id, sku),
        constraint product_alternatives_other check (sku <> alternative)
    );
"""
DROP = """
    drop table product_alternatives, stock_alerts;
    drop trigger stock_crossing on stock;
    drop function mark_crossing();
    drop table stock_crossings;
"""


def upgrade() -> None:
    """Makes the tables and the trigger."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops them."""
    migrations.script(DROP)
