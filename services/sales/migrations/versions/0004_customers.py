"""Customers, their credit accounts, and the audit log"""

from kit import migrations

revision = "0004"
down_revision = "0003"

UP = """
    create table customers (
        business_id uuid not null,
        id uuid not null,
        name text not null,
        email text not null,
        phone text not null,
        address text not null,
        customer_type text not null,
        credit_limit_q bigint not null,
        balance_q bigint not null,
        held_q bigint not null,
        credit_terms_days integer not null,
        credit_blocked boolean not null,
        contact_person text not null,
        is_active boolean not null,
        created_by text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint customers_pkey primary key (business_id, id),
        constraint customers_business foreign key (business_id) references businesses (business_id),
        constraint customers_amounts check (credit_limit_q >= 0 and balance_q >= 0 and held_q >= 0),
        constraint customers_terms check (credit_terms_days >= 0)
    );
    create unique index customers_phone on customers (business_id, phone) where phone <> '';

    create table credit_entries (
        business_id uuid not null,
        id uuid not null,
        customer_id uuid not null,
        type text not null,
        amount_q bigint not null,
        balance_before_q bigint not null,
        balance_after_q bigint not null,
        reference_id text not null,
        description text not null,
        created_by text not null,
        created_at timestamptz not null,
        constraint credit_entries_pkey primary key (business_id, id),
        constraint credit_entries_customer foreign key (business_id, customer_id) references customers (business_id, id),
        constraint credit_entries_sum check (balance_after_q = balance_before_q + amount_q and balance_after_q >= 0)
    );
    create index credit_entries_account on credit_entries (business_id, customer_id, id);

    -- Who did what. Plain ids and no foreign keys: what happens to a sale or a customer later changes no row (decision 51).
    create table audit_log (
        business_id uuid not null,
        id uuid not null,
        event_type text not null,
        sale_id text not null,
        sale_item_id text not null,
        customer_id text not null,
        payment_id text not null,
        refund_id text not null,
        actor text not null,
        role text not null,
        ip_address text not null,
        user_agent text not null,
        request_id text not null,
        before jsonb not null,
        after jsonb not null,
        description text not null,
        created_at timestamptz not null,
        constraint audit_log_pkey primary key (business_id, id)
    );
    create index audit_log_sale on audit_log (business_id, sale_id, id) where sale_id <> '';
    create index audit_log_customer on audit_log (business_id, customer_id, id) where customer_id <> '';

    -- Entries that the chain does not hold yet.
    create table audit_pending (
        business_id uuid not null,
        id uuid not null,
        constraint audit_pending_pkey primary key (business_id, id)
    ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

    create table audit_chain (
        business_id uuid not null,
        seq bigint not null,
        id uuid not null,
        hash bytea not null,
        constraint audit_chain_pkey primary key (business_id, seq),
        constraint audit_chain_entry unique (business_id, id)
    );

    create function refuse_change() returns trigger language plpgsql as $$
    begin
        raise exception '% cannot be %', tg_argv[0], case tg_op when 'UPDATE' then 'modified' else 'deleted' end
            using errcode = 'restrict_violation';
    end $$;
    create trigger append_only before update or delete or truncate on credit_entries
        for each statement execute function refuse_change('Credit entries');
    create trigger append_only before update or delete or truncate on audit_log
        for each statement execute function refuse_change('Audit logs');
    create trigger append_only before update or delete or truncate on audit_chain
        for each statement execute function refuse_change('Audit logs');
"""
DOWN = """
    drop table audit_chain, audit_pending, audit_log, credit_entries, customers;
    drop function refuse_change;
"""


def upgrade() -> None:
    """Makes the tables, the ledgers among them append-only by triggers."""
    migrations.script(UP)


def downgrade() -> None:
    """Drops them."""
    migrations.script(DOWN)
