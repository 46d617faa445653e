"""The gate to Omie: limits, calls under way, and questions asked lately"""

from kit import migrations

revision = "0002"
down_revision = "0001"

CREATE = """
    create table omie_methods (
        business_id uuid not null,
        account text not null,
        method text collate "C" not null,
        next_at timestamptz not null,
        errors timestamptz[] not null default '{}',
        blocked_until timestamptz,
        calls bigint not null default 0,
        refusals bigint not null default 0,
        last_refusal text not null default '',
        last_refused_at timestamptz,
        constraint omie_methods_pkey primary key (business_id, account, method)
    ) with (fillfactor = 70);

    create table omie_leases (
        business_id uuid not null,
        account text not null,
        method text collate "C" not null,
        id uuid not null,
        expires_at timestamptz not null,
        constraint omie_leases_pkey primary key (business_id, account, method, id)
    );

    create table omie_questions (
        business_id uuid not null,
        account text not null,
        method text collate "C" not null,
        digest bytea not null,
        asked_at timestamptz not null,
        answer jsonb,
        constraint omie_questions_pkey primary key (business_id, account, method, digest)
    );
    create index omie_questions_asked_at on omie_questions using brin (asked_at);
"""
DROP = "drop table omie_questions, omie_leases, omie_methods;"


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the tables."""
    migrations.script(DROP)
