"""The tables of the machinery, which every service's database has, and the SQL with which its first migration makes them."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

CREATE_1 = """
    create table outbox (
        business_id uuid not null,
        id uuid not null,
        position bigint generated always as identity,
        subject text not null,
        aggregate text not null,
        message bytea not null,
        created_at timestamptz not null default now(),
        constraint outbox_pkey primary key (business_id, id)
    ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
    create unique index outbox_position on outbox (position);

    create table inbox (
        business_id uuid not null,
        consumer text not null,
        message_id text not null,
        received_at timestamptz not null default now(),
        constraint inbox_pkey primary key (business_id, consumer, message_id)
    );
    create index inbox_received_at on inbox using brin (received_at);

    create table idempotency_keys (
        business_id uuid not null,
        scope text not null,
        key text not null,
        digest bytea not null,
        answer bytea,
        expires_at timestamptz not null,
        constraint idempotency_keys_pkey primary key (business_id, scope, key)
    ) with (fillfactor = 80);
    create index idempotency_keys_expires_at on idempotency_keys using brin (expires_at);

    create table dead_letters (
        business_id uuid not null,
        consumer text not null,
        message_id text not null,
        subject text not null,
        message bytea not null,
        attempts integer not null,
        last_error text not null,
        failed_at timestamptz not null default now(),
        constraint dead_letters_pkey primary key (business_id, consumer, message_id)
    );
"""
DROP_1 = "drop table dead_letters; drop table idempotency_keys; drop table inbox; drop table outbox"
NOW = sa.text("now()")


def tables(metadata: sa.MetaData) -> None:
    """Adds the machinery's tables to a service's metadata, as they are after all migrations."""
    sa.Table(
        "outbox",
        metadata,
        sa.Column("business_id", pg.UUID, primary_key=True),
        sa.Column("id", pg.UUID, primary_key=True),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("aggregate", sa.Text, nullable=False),
        sa.Column("message", pg.BYTEA, nullable=False),
        sa.Column("created_at", pg.TIMESTAMP(timezone=True), nullable=False, server_default=NOW),
        sa.Index("outbox_position", "position", unique=True),
    )
    sa.Table(
        "inbox",
        metadata,
        sa.Column("business_id", pg.UUID, primary_key=True),
        sa.Column("consumer", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("received_at", pg.TIMESTAMP(timezone=True), nullable=False, server_default=NOW),
        sa.Index("inbox_received_at", "received_at", postgresql_using="brin"),
    )
    sa.Table(
        "idempotency_keys",
        metadata,
        sa.Column("business_id", pg.UUID, primary_key=True),
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("digest", pg.BYTEA, nullable=False),
        sa.Column("answer", pg.BYTEA),
        sa.Column("expires_at", pg.TIMESTAMP(timezone=True), nullable=False),
        sa.Index("idempotency_keys_expires_at", "expires_at", postgresql_using="brin"),
    )
    sa.Table(
        "dead_letters",
        metadata,
        sa.Column("business_id", pg.UUID, primary_key=True),
        sa.Column("consumer", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("message", pg.BYTEA, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text, nullable=False),
        sa.Column("failed_at", pg.TIMESTAMP(timezone=True), nullable=False, server_default=NOW),
    )
