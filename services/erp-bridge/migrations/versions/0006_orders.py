"""Orders in the ERP, and what things are called there"""

from kit import migrations

revision = "0006"
down_revision = "0005"

CREATE = """
    create table erp_mappings (
        business_id uuid not null,
        kind text not null,
        key text not null,
        value jsonb not null,
        updated_at timestamptz not null,
        constraint erp_mappings_pkey primary key (business_id, kind, key)
    );

    -- A row without content stands for an order that nobody has asked for yet, whose status came first.
    create table erp_orders (
        business_id uuid not null,
        ref text not null,
        id uuid not null,
        channel_code text not null,
        content jsonb,
        order_status text not null,
        seq bigint not null,
        state text not null,
        error_code text not null default '',
        error text not null default '',
        missing jsonb not null default '[]',
        attempts integer not null default 0,
        changed boolean not null default false,
        next_at timestamptz not null,
        look_at timestamptz,
        external_id bigint,
        external_number text not null default '',
        external_customer_id bigint,
        stage text not null default '',
        is_cancelled boolean not null default false,
        invoices jsonb not null default '[]',
        run uuid,
        lease_until timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint erp_orders_pkey primary key (business_id, ref),
        constraint erp_orders_id unique (business_id, id),
        constraint erp_orders_state check (state in
            ('pending', 'processing', 'confirmed', 'cancelled', 'needs_mapping', 'needs_person', 'failed', 'unasked')),
        constraint erp_orders_asked check ((content is null) = (state = 'unasked')),
        constraint erp_orders_run check ((state = 'processing') = (run is not null))
    );
    create index erp_orders_due on erp_orders (next_at) where state in ('pending', 'processing');
    create index erp_orders_held_up on erp_orders (business_id, state)
        where state in ('needs_mapping', 'needs_person', 'failed');
    create index erp_orders_looked_at on erp_orders (look_at) where look_at is not null;
    create index erp_orders_external on erp_orders (external_id) where external_id is not null;
    create index erp_orders_unasked on erp_orders (updated_at) where state = 'unasked';
"""
DROP = "drop table erp_orders, erp_mappings;"


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the tables."""
    migrations.script(DROP)
