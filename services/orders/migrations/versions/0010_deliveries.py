"""Webhook addresses, and deliveries with every attempt at them"""

from kit import migrations

revision = "0010"
down_revision = "0009"

CREATE = """
    create table webhook_endpoints (
        business_id uuid not null,
        id uuid not null,
        url text not null,
        topics text[] not null,
        secret text not null,
        description text not null,
        is_active boolean not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint webhook_endpoints_pkey primary key (business_id, id)
    );

    create table deliveries (
        business_id uuid not null,
        id uuid not null,
        directive_id uuid not null,
        endpoint_id uuid,
        topic text not null,
        kind text not null,
        -- What shares a limit on how much may be under way: an address, or a kind.
        lane text not null,
        status text not null,
        attempts integer not null default 0,
        failures integer not null default 0,
        -- When it is tried next or, while it is being sent, when its lease runs out.
        due_at timestamptz not null,
        response_code integer not null default 0,
        error_code text not null default '',
        last_error text not null default '',
        created_at timestamptz not null,
        updated_at timestamptz not null,
        delivered_at timestamptz,
        constraint deliveries_pkey primary key (business_id, id),
        constraint deliveries_status check (status in ('queued', 'sending', 'delivered', 'failed', 'cancelled'))
    ) with (fillfactor = 80);
    create index deliveries_directive on deliveries (business_id, directive_id, lane);
    create index deliveries_queued on deliveries (business_id, lane, due_at) where status = 'queued';
    create index deliveries_sending on deliveries (business_id, lane) where status = 'sending';

    create table delivery_attempts (
        business_id uuid not null,
        delivery_id uuid not null,
        attempt integer not null,
        started_at timestamptz not null,
        duration_ms integer not null,
        response_code integer not null,
        error_code text not null,
        error text not null,
        constraint delivery_attempts_pkey primary key (business_id, delivery_id, attempt)
    );
"""
DROP = "drop table delivery_attempts, deliveries, webhook_endpoints"


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the tables."""
    migrations.script(DROP)
