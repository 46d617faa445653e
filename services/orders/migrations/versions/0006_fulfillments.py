"""Fulfilments, and how much of each line they have"""

from kit import migrations

revision = "0006"
down_revision = "0005"

CREATE = """
    alter table order_items add column qty_allotted numeric(12, 3) not null default 0;
    -- The last word on what two who fulfil at once may take. A trigger and no check: that would read all lines there are.
    create function refuse_allotment() returns trigger language plpgsql as $$
    begin
        raise exception 'fulfilments cannot have % of % that were ordered', new.qty_allotted, new.qty using errcode = '23514';
    end $$;
    create trigger order_items_allotted before update of qty_allotted on order_items for each row
        when (new.qty_allotted not between 0 and new.qty) execute function refuse_allotment();

    create table counters (
        business_id uuid not null,
        name text not null,
        last bigint not null,
        constraint counters_pkey primary key (business_id, name)
    ) with (fillfactor = 50);

    create table fulfillments (
        business_id uuid not null,
        number text not null,
        order_ref text not null,
        status text not null,
        assigned_to text not null,
        warehouse_location text not null,
        box_size text not null,
        weight numeric(12, 3),
        carrier text not null,
        tracking_number text not null,
        tracking_url text not null,
        picking_notes text not null,
        packing_notes text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        assigned_at timestamptz,
        picking_started_at timestamptz,
        picking_completed_at timestamptz,
        packing_started_at timestamptz,
        packing_completed_at timestamptz,
        shipped_at timestamptz,
        fulfilled_at timestamptz,
        cancelled_at timestamptz,
        constraint fulfillments_pkey primary key (business_id, number),
        constraint fulfillments_status check (status in ('pending', 'picking', 'packing', 'ready_to_ship', 'shipped',
            'partially_fulfilled', 'fulfilled', 'cancelled'))
    ) with (fillfactor = 80);
    create index fulfillments_order on fulfillments (business_id, order_ref);
    create index fulfillments_status on fulfillments (business_id, status, number);

    create table fulfillment_items (
        business_id uuid not null,
        number text not null,
        line_id text not null,
        qty numeric(12, 3) not null,
        constraint fulfillment_items_pkey primary key (business_id, number, line_id),
        constraint fulfillment_items_qty check (qty > 0)
    );
"""
DROP = """
    drop table fulfillment_items, fulfillments, counters;
    drop trigger order_items_allotted on order_items;
    drop function refuse_allotment();
    alter table order_items drop column qty_allotted;
"""


def upgrade() -> None:
    """Makes the tables and the column."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops them."""
    migrations.script(DROP)
