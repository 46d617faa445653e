"""Returns, and how much of each line has come back"""

from kit import migrations

revision = "0012"
down_revision = "0011"

CREATE = """
    alter table order_items add column qty_returned numeric(12, 3) not null default 0;
    -- As for fulfilments: the last word on what two who return at once may take.
    create function refuse_return() returns trigger language plpgsql as $$
    begin
        raise exception 'returns cannot have % of % that were ordered', new.qty_returned, new.qty using errcode = '23514';
    end $$;
    create trigger order_items_returned before update of qty_returned on order_items for each row
        when (new.qty_returned not between 0 and new.qty) execute function refuse_return();

    create table returns (
        business_id uuid not null,
        number text not null,
        order_ref text not null,
        status text not null,
        reason text not null,
        refund_q bigint not null default 0,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        received_at timestamptz,
        restocked_at timestamptz,
        refunded_at timestamptz,
        cancelled_at timestamptz,
        constraint returns_pkey primary key (business_id, number),
        constraint returns_status check (status in ('requested', 'received', 'restocked', 'refunded', 'cancelled'))
    ) with (fillfactor = 80);
    create index returns_order on returns (business_id, order_ref);

    create table return_items (
        business_id uuid not null,
        number text not null,
        line_id text not null,
        qty numeric(12, 3) not null,
        restock boolean not null,
        constraint return_items_pkey primary key (business_id, number, line_id),
        constraint return_items_qty check (qty > 0)
    );
"""
DROP = """
    drop table return_items, returns;
    drop trigger order_items_returned on order_items;
    drop function refuse_return();
    alter table order_items drop column qty_returned;
"""


def upgrade() -> None:
    """Makes the tables and the column."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops them."""
    migrations.script(DROP)
