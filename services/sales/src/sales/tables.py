"""The tables as they are after all migrations: alembic compares the database with them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TIMESTAMP, UUID

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
    "customers",
    METADATA,
    sa.Column(
        "business_id", UUID, sa.ForeignKey("businesses.business_id", name="customers_business"), primary_key=True
    ),
    sa.Column("id", UUID, primary_key=True),
    *_columns(sa.Text, "name", "email", "phone", "address", "customer_type"),
    *_columns(sa.BigInteger, "credit_limit_q", "balance_q", "held_q"),
    *_columns(sa.Integer, "credit_terms_days"),
    *_columns(sa.Boolean, "credit_blocked"),
    *_columns(sa.Text, "contact_person"),
    *_columns(sa.Boolean, "is_active"),
    *_columns(sa.Text, "created_by"),
    *_columns(TIME, "created_at", "updated_at"),
    sa.Index("customers_phone", "business_id", "phone", unique=True, postgresql_where=sa.text("phone <> ''")),
)
sa.Table(
    "credit_entries",
    METADATA,
    sa.Column("business_id", UUID, primary_key=True),
    sa.Column("id", UUID, primary_key=True),
    *_columns(UUID, "customer_id"),
    *_columns(sa.Text, "type"),
    *_columns(sa.BigInteger, "amount_q", "balance_before_q", "balance_after_q"),
    *_columns(sa.Text, "reference_id", "description", "created_by"),
    *_columns(TIME, "created_at"),
    sa.ForeignKeyConstraint(
        ["business_id", "customer_id"], ["customers.business_id", "customers.id"], name="credit_entries_customer"
    ),
    sa.Index("credit_entries_account", "business_id", "customer_id", "id"),
)
sa.Table(
    "audit_log",
    METADATA,
    sa.Column("business_id", UUID, primary_key=True),
    sa.Column("id", UUID, primary_key=True),
    *_columns(sa.Text, "event_type", "sale_id", "sale_item_id", "customer_id", "payment_id", "refund_id"),
    *_columns(sa.Text, "actor", "role", "ip_address", "user_agent", "request_id"),
    *_columns(JSONB, "before", "after"),
    *_columns(sa.Text, "description"),
    *_columns(TIME, "created_at"),
    sa.Index("audit_log_sale", "business_id", "sale_id", "id", postgresql_where=sa.text("sale_id <> ''")),
    sa.Index("audit_log_customer", "business_id", "customer_id", "id", postgresql_where=sa.text("customer_id <> ''")),
)
sa.Table(
    "audit_pending",
    METADATA,
    sa.Column("business_id", UUID, primary_key=True),
    sa.Column("id", UUID, primary_key=True),
)
sa.Table(
    "audit_chain",
    METADATA,
    sa.Column("business_id", UUID, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    *_columns(UUID, "id"),
    *_columns(BYTEA, "hash"),
    sa.UniqueConstraint("business_id", "id", name="audit_chain_entry"),
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
