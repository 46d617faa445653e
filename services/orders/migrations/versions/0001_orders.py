"""Channels, sessions, orders with their events, and directives"""

from kit import machinery, migrations

revision = "0001"
down_revision = None

CREATE = """
    create table businesses (
        business_id uuid not null,
        timezone text not null,
        currency text not null,
        constraint businesses_pkey primary key (business_id)
    );

    create table channels (
        business_id uuid not null,
        code text not null,
        name text not null,
        pricing_policy text not null,
        edit_policy text not null,
        display_order integer not null,
        config jsonb not null,
        config_version bigint not null,
        is_active boolean not null,
        currency text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint channels_pkey primary key (business_id, code),
        constraint channels_pricing_policy check (pricing_policy in ('internal', 'external')),
        constraint channels_edit_policy check (edit_policy in ('open', 'locked'))
    );

    -- Every version of a channel's rules: an order stays on the one that it began with.
    create table channel_configs (
        business_id uuid not null,
        channel_code text not null,
        version bigint not null,
        config jsonb not null,
        created_at timestamptz not null,
        constraint channel_configs_pkey primary key (business_id, channel_code, version)
    );

    create table sessions (
        business_id uuid not null,
        channel_code text not null,
        session_key text not null,
        id uuid not null,
        handle_type text not null,
        handle_ref text not null,
        state text not null,
        pricing_policy text not null,
        edit_policy text not null,
        currency text not null,
        rev bigint not null,
        lines jsonb not null,
        discount_q bigint not null,
        shipping_q bigint not null,
        tax_q bigint not null,
        data jsonb not null,
        checks jsonb not null,
        issues jsonb not null,
        pricing_trace jsonb not null,
        commit_token text not null default '',
        order_ref text not null default '',
        opened_at timestamptz not null,
        committed_at timestamptz,
        updated_at timestamptz not null,
        constraint sessions_pkey primary key (business_id, channel_code, session_key),
        constraint sessions_state check (state in ('open', 'committed', 'abandoned')),
        constraint sessions_committed check ((state = 'committed') = (order_ref <> ''))
    ) with (fillfactor = 80);
    -- A trigger and no check: a check would run with every update, also of rows whose lines stay as they are.
    create function refuse_bad_lines() returns trigger language plpgsql as $$
    begin
        if exists (select from jsonb_array_elements(new.lines) as line
                   group by line ->> 'line_id' having count(*) > 1 or min((line ->> 'qty')::numeric) <= 0) then
            raise exception 'lines of a session need different ids and quantities above zero' using errcode = '23514';
        end if;
        return new;
    end $$;
    create trigger sessions_lines before insert or update of lines on sessions
        for each row execute function refuse_bad_lines();
    create unique index sessions_open_handle on sessions (business_id, channel_code, handle_type, handle_ref)
        where state = 'open' and handle_ref <> '';
    create index sessions_key on sessions (business_id, session_key);
    create index sessions_newest on sessions (business_id, id);

    create table orders (
        business_id uuid not null,
        ref text not null,
        id uuid not null,
        channel_code text not null,
        config_version bigint not null,
        session_key text not null,
        handle_type text not null,
        handle_ref text not null,
        external_ref text not null,
        status text not null,
        currency text not null,
        subtotal_q bigint not null,
        discount_q bigint not null,
        shipping_q bigint not null,
        tax_q bigint not null,
        total_q bigint not null,
        items_count integer not null,
        data jsonb not null,
        snapshot jsonb not null,
        last_seq bigint not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        confirmed_at timestamptz,
        processing_at timestamptz,
        ready_at timestamptz,
        dispatched_at timestamptz,
        delivered_at timestamptz,
        completed_at timestamptz,
        cancelled_at timestamptz,
        returned_at timestamptz,
        constraint orders_pkey primary key (business_id, ref),
        constraint orders_session unique (business_id, channel_code, session_key),
        constraint orders_total check (total_q = greatest(0, subtotal_q - discount_q + tax_q + shipping_q))
    ) with (fillfactor = 85);
    create unique index orders_external_ref on orders (business_id, channel_code, external_ref) where external_ref <> '';
    create unique index orders_newest on orders (business_id, id);

    create function refuse_sealed_change() returns trigger language plpgsql as $$
    begin
        if (new.ref, new.channel_code, new.session_key, new.snapshot, new.total_q, new.currency)
            is distinct from (old.ref, old.channel_code, old.session_key, old.snapshot, old.total_q, old.currency) then
            raise exception 'an order is sealed: ref, channel, session, snapshot, total and currency never change';
        end if;
        return new;
    end $$;
    create trigger orders_sealed before update on orders for each row execute function refuse_sealed_change();

    create table order_items (
        business_id uuid not null,
        order_ref text not null,
        line_id text not null,
        position integer not null,
        sku text not null,
        name text not null,
        qty numeric(12, 3) not null,
        unit_price_q bigint not null,
        line_total_q bigint not null,
        meta jsonb not null,
        constraint order_items_pkey primary key (business_id, order_ref, line_id),
        constraint order_items_qty check (qty > 0)
    );

    create table order_events (
        business_id uuid not null,
        order_ref text not null,
        seq bigint not null,
        type text not null,
        actor text not null,
        actor_label text not null,
        payload jsonb not null,
        request_id text not null,
        address text not null,
        agent text not null,
        created_at timestamptz not null,
        constraint order_events_pkey primary key (business_id, order_ref, seq)
    );
    create function refuse_change() returns trigger language plpgsql as $$
    begin
        raise exception '% is append-only', tg_table_name;
    end $$;
    create trigger order_events_append_only before update or delete on order_events
        for each row execute function refuse_change();
    create trigger order_events_not_truncated before truncate on order_events
        for each statement execute function refuse_change();

    create table directives (
        business_id uuid not null,
        id uuid not null,
        topic text not null,
        status text not null,
        payload jsonb not null,
        order_ref text not null,
        channel_code text not null,
        session_key text not null,
        attempts integer not null,
        failures integer not null default 0,
        available_at timestamptz not null,
        -- When the sweeper looks at it next: to send it, or because its lease has run out.
        due_at timestamptz not null,
        leased_until timestamptz,
        error_code text not null default '',
        last_error text not null default '',
        created_at timestamptz not null,
        started_at timestamptz,
        updated_at timestamptz not null,
        constraint directives_pkey primary key (business_id, id),
        constraint directives_status check (status in ('queued', 'done', 'failed', 'cancelled'))
    ) with (fillfactor = 80);
    create index directives_due on directives (due_at) where status = 'queued';
    create index directives_order on directives (business_id, order_ref) where order_ref <> '';
    create index directives_session on directives (business_id, session_key);
"""
DROP = """
    drop table directives, order_events, order_items, orders, sessions, channel_configs, channels, businesses;
    drop function refuse_change(), refuse_sealed_change(), refuse_bad_lines();
"""


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(machinery.CREATE_1, CREATE)


def downgrade() -> None:
    """Drops the tables."""
    migrations.script(DROP, machinery.DROP_1)
