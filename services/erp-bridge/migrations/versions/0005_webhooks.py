"""Webhooks of the ERP, and the business that its account belongs to"""

from kit import migrations

revision = "0005"
down_revision = "0004"

CREATE = """
    create table omie_accounts (
        business_id uuid not null,
        account text not null,
        bound_at timestamptz not null,
        constraint omie_accounts_pkey primary key (business_id, account),
        constraint omie_accounts_account unique (account)
    );

    create table omie_webhooks (
        business_id uuid not null,
        message_id text not null,
        id uuid not null,
        topic text not null,
        payload jsonb not null,
        state text not null,
        attempts integer not null default 0,
        last_error text not null default '',
        next_at timestamptz not null,
        received_at timestamptz not null,
        updated_at timestamptz not null,
        constraint omie_webhooks_pkey primary key (business_id, message_id),
        constraint omie_webhooks_state check (state in ('pending', 'done', 'ignored', 'failed'))
    );
    create index omie_webhooks_newest on omie_webhooks (business_id, id);
    create index omie_webhooks_due on omie_webhooks (next_at) where state = 'pending';
    create index purchase_order_closures_waiting on purchase_order_closures (n_cod_ped) where waits_for_person;
"""
DROP = "drop index purchase_order_closures_waiting; drop table omie_webhooks, omie_accounts;"


def upgrade() -> None:
    """Makes the tables; the index is on a table that was made a moment ago."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the tables."""
    migrations.script(DROP)
