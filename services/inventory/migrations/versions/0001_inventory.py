"""Products, locations, stock with its reservations and movements, and what directives leave behind"""

from kit import machinery, migrations

revision = "0001"
down_revision = None

# Text keys are compared byte by byte, as Python compares them: rows are locked in that order everywhere.
CREATE = """
    create table products (
        business_id uuid not null,
        sku text collate "C" not null,
        name text not null,
        unit text not null,
        step numeric(12, 3) not null,
        barcode text not null,
        retail_price_q bigint not null,
        wholesale_price_q bigint not null,
        cost_q bigint not null,
        is_active boolean not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint products_pkey primary key (business_id, sku),
        constraint products_step check (step > 0),
        constraint products_prices check (least(retail_price_q, wholesale_price_q, cost_q) >= 0)
    );
    create index products_barcode on products (business_id, barcode) where barcode <> '';

    create table locations (
        business_id uuid not null,
        code text collate "C" not null,
        name text not null,
        type text not null,
        priority integer not null,
        is_active boolean not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint locations_pkey primary key (business_id, code),
        constraint locations_type check (type in ('warehouse', 'storefront'))
    );

    -- on_hand is the sum of the movements; reserved is what remains of the reservations whose status is 'active', and those
    -- change only in a transaction that has locked this row.
    create table stock (
        business_id uuid not null,
        sku text collate "C" not null,
        location text collate "C" not null,
        on_hand numeric(12, 3) not null,
        reserved numeric(12, 3) not null,
        constraint stock_pkey primary key (business_id, sku, location),
        constraint stock_product foreign key (business_id, sku) references products (business_id, sku),
        constraint stock_location foreign key (business_id, location) references locations (business_id, code),
        constraint stock_counters check (on_hand >= 0 and reserved >= 0 and reserved <= on_hand)
    ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

    create table reservations (
        business_id uuid not null,
        id uuid not null,
        owner_type text not null,
        owner_scope text collate "C" not null,
        owner_ref text collate "C" not null,
        sku text collate "C" not null,
        location text collate "C" not null,
        qty numeric(12, 3) not null,
        qty_fulfilled numeric(12, 3) not null,
        status text not null,
        order_ref text collate "C" not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        fulfilled_at timestamptz,
        released_at timestamptz,
        constraint reservations_pkey primary key (business_id, id),
        constraint reservations_owner_type check (owner_type in ('session', 'cart', 'order')),
        constraint reservations_status check (status in ('active', 'committed', 'released', 'expired')),
        constraint reservations_qty check (qty > 0 and qty_fulfilled >= 0 and qty_fulfilled <= qty),
        constraint reservations_committed check (status <> 'committed' or (qty_fulfilled = qty and fulfilled_at is not null)),
        constraint reservations_released check (status <> 'released' or released_at is not null)
    ) with (fillfactor = 85);
    create index reservations_owner on reservations (business_id, owner_ref, owner_type);
    create index reservations_order on reservations (business_id, order_ref) where order_ref <> '';
    create index reservations_active on reservations (business_id, sku, location, expires_at) where status = 'active';
    create index reservations_due on reservations (expires_at) where status = 'active';

    create table movements (
        business_id uuid not null,
        id uuid not null default uuidv7(),
        type text not null,
        sku text collate "C" not null,
        location text collate "C" not null,
        qty_delta numeric(12, 3) not null,
        reference text not null,
        reason text not null,
        unit_cost_q bigint,
        lot text not null,
        expiry_date date,
        supplier text not null,
        actor text not null,
        created_at timestamptz not null,
        constraint movements_pkey primary key (business_id, id),
        constraint movements_qty check (
            case type
                when 'receipt' then qty_delta > 0
                when 'adjustment' then qty_delta <> 0
                when 'commit' then qty_delta < 0
                when 'return' then qty_delta > 0
                else false
            end
        )
    );
    create index movements_stock on movements (business_id, sku, location);
    create index movements_reference on movements (business_id, reference) where reference <> '';
    create index movements_created_at on movements using brin (created_at);
    create function refuse_change() returns trigger language plpgsql as $$
    begin
        raise exception '% is append-only', tg_table_name;
    end $$;
    create trigger movements_append_only before update or delete on movements
        for each row execute function refuse_change();
    create trigger movements_not_truncated before truncate on movements
        for each statement execute function refuse_change();

    -- The newest revision that a session's hold was asked for: an older one that comes late must not undo it.
    create table session_holds (
        business_id uuid not null,
        channel_code text collate "C" not null,
        session_key text collate "C" not null,
        rev bigint not null,
        constraint session_holds_pkey primary key (business_id, channel_code, session_key)
    ) with (fillfactor = 85);

    -- What was done for an order: its stock is taken once and given back once, whichever is asked for first.
    create table order_stock (
        business_id uuid not null,
        order_ref text collate "C" not null,
        committed_at timestamptz,
        released_at timestamptz,
        constraint order_stock_pkey primary key (business_id, order_ref)
    ) with (fillfactor = 85);
"""
DROP = """
    drop table order_stock, session_holds, movements, reservations, stock, locations, products;
    drop function refuse_change();
"""


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(machinery.CREATE_1, CREATE)


def downgrade() -> None:
    """Drops the tables."""
    migrations.script(DROP, machinery.DROP_1)
