"""Refs of sessions and orders, and the sequences that number them"""

from kit import migrations

revision = "0005"
down_revision = "0004"

CREATE = """
    create table refs (
        business_id uuid not null,
        id uuid not null,
        type text not null,
        -- Texts by name: where the value is unique.
        scope jsonb not null,
        value text not null,
        channel_code text not null,
        session_key text not null,
        order_ref text not null,
        -- What its type says, as it was when it was attached.
        forever boolean not null,
        expires boolean not null,
        copied boolean not null,
        is_active boolean not null,
        created_at timestamptz not null,
        constraint refs_pkey primary key (business_id, id),
        constraint refs_target check ((session_key = '') <> (order_ref = ''))
    );
    create unique index refs_value on refs (business_id, type, scope, value) where is_active or forever;
    create index refs_session on refs (business_id, channel_code, session_key) where session_key <> '';
    create index refs_order on refs (business_id, order_ref) where order_ref <> '';

    create table ref_sequences (
        business_id uuid not null,
        name text not null,
        scope jsonb not null,
        last bigint not null,
        constraint ref_sequences_pkey primary key (business_id, name, scope)
    );
"""
DROP = "drop table ref_sequences, refs;"


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the tables."""
    migrations.script(DROP)
