"""Channels are connected to marketplaces, whose events are kept until they have been followed"""

from kit import migrations

revision = "0009"
down_revision = "0008"

CREATE = """
    create table marketplaces (
        business_id uuid not null,
        channel_code text not null,
        kind text not null,
        hook text not null,
        secret text not null,
        status_map jsonb not null,
        is_active boolean not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint marketplaces_pkey primary key (business_id, channel_code)
    );
    create unique index marketplaces_hook on marketplaces (hook);

    create table marketplace_events (
        business_id uuid not null,
        channel_code text not null,
        event_id text not null,
        position bigint not null generated always as identity,
        order_id text not null,
        code text not null,
        payload jsonb not null,
        status text not null default 'received',
        error_code text not null default '',
        order_ref text not null default '',
        attempts integer not null default 0,
        due_at timestamptz not null default now(),
        received_at timestamptz not null default now(),
        settled_at timestamptz,
        constraint marketplace_events_pkey primary key (business_id, channel_code, event_id),
        constraint marketplace_events_status check (status in ('received', 'done', 'ignored', 'failed'))
    ) with (fillfactor = 80);
    create index marketplace_events_due on marketplace_events (due_at) where status = 'received';
    create index marketplace_events_order on marketplace_events (business_id, channel_code, order_id, position);
    create index marketplace_events_newest on marketplace_events (business_id, channel_code, position);
"""


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops them."""
    migrations.script("drop table marketplace_events, marketplaces")
