"""The tables as they are after all migrations: alembic compares the database with them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, TIMESTAMP, UUID

from kit import machinery

METADATA = sa.MetaData()
machinery.tables(METADATA)
TIME = TIMESTAMP(timezone=True)


def _columns(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


sa.Table(
    "businesses",
    METADATA,
    sa.Column("business_id", UUID, primary_key=True),
    *_columns(sa.Text, "code", "name", "timezone", "currency"),
    *_columns(TIME, "created_at"),
    sa.UniqueConstraint("code", name="businesses_code"),
)
sa.Table(
    "storefronts",
    METADATA,
    sa.Column(
        "business_id", UUID, sa.ForeignKey("businesses.business_id", name="storefronts_business"), primary_key=True
    ),
    sa.Column("code", sa.Text, primary_key=True),
    *_columns(sa.Text, "name", "timezone", "currency"),
    *_columns(sa.Integer, "day_cutover_hour"),
    *_columns(sa.Boolean, "is_active"),
    *_columns(TIME, "created_at"),
)
sa.Table(
    "members",
    METADATA,
    sa.Column("business_id", UUID, sa.ForeignKey("businesses.business_id", name="members_business"), primary_key=True),
    sa.Column("id", UUID, primary_key=True),
    *_columns(sa.Text, "name", "email", "role", "subject"),
    *_columns(sa.Boolean, "is_active"),
    *_columns(TIME, "created_at", "updated_at"),
    sa.Index(
        "members_email", "business_id", sa.text("lower(email)"), unique=True, postgresql_where=sa.text("email <> ''")
    ),
    sa.Index("members_subject", "business_id", "subject", unique=True, postgresql_where=sa.text("subject <> ''")),
)
sa.Table(
    "api_keys",
    METADATA,
    sa.Column("business_id", UUID, primary_key=True),
    sa.Column("id", UUID, primary_key=True),
    *_columns(sa.Text, "label", "role", "customer_id", "created_by"),
    *_columns(BYTEA, "digest"),
    *_columns(TIME, "created_at"),
    sa.Column("revoked_at", TIME),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
    sa.Column("expires_at", TIME),
    sa.UniqueConstraint("id", name="api_keys_id"),
)
