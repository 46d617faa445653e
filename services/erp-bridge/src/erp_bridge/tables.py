"""The tables as they are after all migrations: alembic compares the database with them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TIMESTAMP, UUID

from kit import machinery

METADATA = sa.MetaData()
machinery.tables(METADATA)
TIME = TIMESTAMP(timezone=True)
ZERO, EMPTY, NONE = sa.text("0"), sa.text("''"), sa.text("'{}'")


def _columns(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _key(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, primary_key=True) for name in names]


sa.Table(
    "omie_methods",
    METADATA,
    *_key(UUID, "business_id"),
    *_key(sa.Text, "account", "method"),
    *_columns(TIME, "next_at"),
    sa.Column("errors", ARRAY(TIME), nullable=False, server_default=NONE),
    sa.Column("blocked_until", TIME),
    sa.Column("calls", sa.BigInteger, nullable=False, server_default=ZERO),
    sa.Column("refusals", sa.BigInteger, nullable=False, server_default=ZERO),
    sa.Column("last_refusal", sa.Text, nullable=False, server_default=EMPTY),
    sa.Column("last_refused_at", TIME),
)
sa.Table(
    "omie_leases",
    METADATA,
    *_key(UUID, "business_id"),
    *_key(sa.Text, "account", "method"),
    *_key(UUID, "id"),
    *_columns(TIME, "expires_at"),
)
sa.Table(
    "omie_questions",
    METADATA,
    *_key(UUID, "business_id"),
    *_key(sa.Text, "account", "method"),
    *_key(BYTEA, "digest"),
    *_columns(TIME, "asked_at"),
    sa.Column("answer", JSONB),
    sa.Index("omie_questions_asked_at", "asked_at", postgresql_using="brin"),
)
