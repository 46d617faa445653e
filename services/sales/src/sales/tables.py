"""The tables as they are after all migrations: alembic compares the database with them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TIMESTAMP, UUID

from kit import machinery

METADATA = sa.MetaData()
machinery.tables(METADATA)
TIME = TIMESTAMP(timezone=True)
PERCENTAGE = sa.Numeric(5, 2)
UNDER_WAY = sa.text("state in ('running', 'reverting')")


def _columns(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _key(*names: str) -> list[sa.Column[Any]]:
    """Every key is made of ids, and begins with the business, so that a distributed database can shard by it."""
    return [sa.Column(name, UUID, primary_key=True) for name in names]


sa.Table(
    "businesses",
    METADATA,
    sa.Column("business_id", UUID, primary_key=True),
    *_columns(sa.Text, "code", "name", "timezone", "currency"),
    *_columns(TIME, "created_at"),
    sa.Column("staff_discount_limit", PERCENTAGE, nullable=False, server_default=sa.text("10")),
    sa.Column("manager_discount_limit", PERCENTAGE, nullable=False, server_default=sa.text("25")),
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
    *_key("business_id", "id"),
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
    *_key("business_id", "id"),
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
    *_key("business_id", "id"),
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
    *_key("business_id", "id"),
    *_columns(sa.Text, "label", "role", "customer_id", "created_by"),
    *_columns(BYTEA, "digest"),
    *_columns(TIME, "created_at"),
    sa.Column("revoked_at", TIME),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
    sa.Column("expires_at", TIME),
    sa.UniqueConstraint("id", name="api_keys_id"),
)
sa.Table(
    "receipt_counters",
    METADATA,
    sa.Column("business_id", UUID, primary_key=True),
    sa.Column("storefront", sa.Text, primary_key=True),
    sa.Column("business_date", sa.Date, primary_key=True),
    *_columns(sa.Integer, "last"),
)
sa.Table(
    "sales",
    METADATA,
    *_key("business_id", "id"),
    *_columns(sa.Text, "receipt_number", "storefront"),
    *_columns(sa.Date, "business_date"),
    *_columns(sa.Text, "seller"),
    sa.Column("customer_id", UUID),
    *_columns(sa.Text, "type", "status", "payment_type", "currency"),
    *_columns(sa.BigInteger, "subtotal_q", "discount_q", "tax_q", "total_q"),
    *_columns(sa.BigInteger, "amount_paid_q", "amount_due_q", "amount_refunded_q"),
    *_columns(sa.Boolean, "is_credit_sale", "manager_override"),
    *_columns(sa.Text, "override_reason", "override_by", "notes"),
    *_columns(sa.BigInteger, "rev"),
    sa.Column("completion_id", UUID),
    *_columns(sa.Text, "stock_ref"),
    *_columns(TIME, "created_at", "updated_at"),
    sa.Column("completed_at", TIME),
    sa.Column("external_ref", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("sold_at", TIME),
    sa.UniqueConstraint("business_id", "receipt_number", name="sales_receipt_number"),
    sa.ForeignKeyConstraint(
        ["business_id", "storefront"], ["storefronts.business_id", "storefronts.code"], name="sales_storefront"
    ),
    sa.ForeignKeyConstraint(
        ["business_id", "customer_id"], ["customers.business_id", "customers.id"], name="sales_customer"
    ),
    sa.Index(
        "sales_of_customer", "business_id", "customer_id", "id", postgresql_where=sa.text("customer_id is not null")
    ),
    sa.Index(
        "sales_external_ref",
        "business_id",
        "storefront",
        "external_ref",
        unique=True,
        postgresql_where=sa.text("external_ref <> ''"),
    ),
    sa.Index(
        "sales_unpaid",
        "business_id",
        "id",
        postgresql_where=sa.text("amount_due_q > 0 and status in ('pending', 'partial')"),
    ),
    sa.Index("sales_drafts", "created_at", postgresql_where=sa.text("status = 'draft'")),
    sa.Index("sales_of_day", "business_id", "storefront", "business_date"),
    sa.Index(
        "sales_owed",
        "business_id",
        "customer_id",
        "completed_at",
        postgresql_where=sa.text("amount_due_q > 0 and is_credit_sale"),
    ),
)
SALE = (["business_id", "sale_id"], ["sales.business_id", "sales.id"])
sa.Table(
    "sale_items",
    METADATA,
    *_key("business_id", "sale_id", "id"),
    *_columns(sa.Text, "sku", "name"),
    *_columns(sa.Numeric(12, 3), "quantity"),
    *_columns(sa.BigInteger, "unit_price_q"),
    *_columns(sa.Boolean, "price_is_named"),
    *_columns(sa.BigInteger, "retail_price_q", "wholesale_price_q", "unit_cost_q"),
    *_columns(PERCENTAGE, "discount_percentage"),
    sa.Column("discount_amount_q", sa.BigInteger),
    *_columns(sa.BigInteger, "discount_q", "base_q"),
    *_columns(PERCENTAGE, "tax_rate"),
    *_columns(sa.BigInteger, "tax_q", "total_q"),
    sa.ForeignKeyConstraint(*SALE, name="sale_items_sale"),
)
sa.Table(
    "payments",
    METADATA,
    *_key("business_id", "id"),
    sa.Column("sale_id", UUID),
    *_columns(sa.Text, "method"),
    *_columns(sa.BigInteger, "amount_q"),
    *_columns(sa.Text, "reference", "processed_by"),
    *_columns(TIME, "created_at"),
    sa.Column("customer_id", UUID),
    sa.Column("account_payment_id", UUID),
    sa.Column("payment_intent_id", UUID),
    sa.ForeignKeyConstraint(*SALE, name="payments_sale"),
    sa.Index("payments_of_sale", "business_id", "sale_id", "id"),
)
sa.Table(
    "completions",
    METADATA,
    *_key("business_id", "id"),
    *_columns(UUID, "sale_id"),
    *_columns(sa.Text, "state", "key"),
    *_columns(BYTEA, "digest"),
    *_columns(JSONB, "plan", "caller"),
    sa.Column("error", JSONB),
    sa.Column("answer", BYTEA),
    *_columns(TIME, "created_at"),
    sa.Column("settled_at", TIME),
    sa.ForeignKeyConstraint(*SALE, name="completions_sale"),
    sa.Index("completions_key", "business_id", "key", unique=True, postgresql_where=sa.text("key <> ''")),
    sa.Index("completions_under_way", "business_id", "sale_id", unique=True, postgresql_where=UNDER_WAY),
    sa.Index("completions_oldest", "created_at", postgresql_where=UNDER_WAY),
)
sa.Table(
    "receipt_prints",
    METADATA,
    *_key("business_id", "sale_id"),
    *_columns(sa.Integer, "count"),
    sa.ForeignKeyConstraint(*SALE, name="receipt_prints_sale"),
)
sa.Table(
    "refunds",
    METADATA,
    *_key("business_id", "id"),
    *_columns(UUID, "sale_id"),
    *_columns(sa.Text, "type", "status"),
    *_columns(sa.BigInteger, "amount_q"),
    *_columns(sa.Text, "reason"),
    *_columns(JSONB, "items"),
    *_columns(sa.Text, "requested_by", "decided_by", "rejection_reason", "processed_by"),
    *_columns(TIME, "created_at"),
    sa.Column("decided_at", TIME),
    sa.Column("processed_at", TIME),
    sa.ForeignKeyConstraint(*SALE, name="refunds_sale"),
    sa.Index("refunds_of_sale", "business_id", "sale_id", "id"),
)
sa.Table(
    "restocks",
    METADATA,
    *_key("business_id", "id"),
    *_columns(sa.Text, "storefront"),
    *_columns(JSONB, "lines"),
    *_columns(sa.Text, "reference", "reason"),
    *_columns(TIME, "created_at"),
)
sa.Table(
    "payment_intents",
    METADATA,
    *_key("business_id", "id"),
    *_columns(sa.Text, "provider", "method"),
    *_columns(sa.BigInteger, "amount_q"),
    *_columns(sa.Text, "currency", "status"),
    *_columns(sa.BigInteger, "captured_q", "refunded_q"),
    *_columns(sa.Text, "client_secret", "order_ref"),
    *_columns(JSONB, "metadata"),
    *_columns(sa.Text, "created_by"),
    *_columns(TIME, "created_at", "updated_at"),
    sa.Column("provider_ref", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("version", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("look_at", TIME),
    sa.Column("sale_id", UUID),
    sa.Index("payment_intents_look", "look_at", postgresql_where=sa.text("look_at is not null")),
    sa.Index("payment_intents_of_order", "business_id", "order_ref", "id", postgresql_where=sa.text("order_ref <> ''")),
)
sa.Table(
    "payment_operations",
    METADATA,
    *_key("business_id", "id"),
    *_columns(UUID, "intent_id"),
    *_columns(sa.Text, "kind", "state"),
    *_columns(sa.BigInteger, "amount_q"),
    *_columns(sa.Text, "reason", "transaction_id", "error_code", "error", "directive_id"),
    *_columns(sa.Integer, "directive_attempt"),
    *_columns(TIME, "created_at"),
    sa.Column("settled_at", TIME),
    sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("due_at", TIME),
    sa.Index("payment_operations_due", "due_at", postgresql_where=sa.text("state in ('pending', 'sent')")),
    sa.ForeignKeyConstraint(
        ["business_id", "intent_id"],
        ["payment_intents.business_id", "payment_intents.id"],
        name="payment_operations_intent",
    ),
    sa.Index("payment_operations_of_intent", "business_id", "intent_id", "id"),
    sa.Index(
        "payment_operations_directive",
        "business_id",
        "directive_id",
        "directive_attempt",
        unique=True,
        postgresql_where=sa.text("directive_id <> ''"),
    ),
)
sa.Table(
    "repayments",
    METADATA,
    *_key("business_id", "payment_id", "refund_id"),
    *_columns(sa.BigInteger, "amount_q"),
    sa.Column("operation_id", UUID),
    sa.Column("settled_reason", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.ForeignKeyConstraint(
        ["business_id", "payment_id"], ["payments.business_id", "payments.id"], name="repayments_payment"
    ),
    sa.ForeignKeyConstraint(
        ["business_id", "refund_id"], ["refunds.business_id", "refunds.id"], name="repayments_refund"
    ),
    sa.ForeignKeyConstraint(
        ["business_id", "operation_id"],
        ["payment_operations.business_id", "payment_operations.id"],
        name="repayments_operation",
    ),
    sa.Index("repayments_of_refund", "business_id", "refund_id"),
)
sa.Table(
    "order_credits",
    METADATA,
    sa.Column("business_id", UUID, primary_key=True),
    sa.Column("order_ref", sa.Text, primary_key=True),
    sa.Column("customer_id", UUID),
    *_columns(sa.Text, "state"),
    *_columns(sa.BigInteger, "amount_q"),
    *_columns(TIME, "created_at"),
    sa.Column("posted_at", TIME),
    sa.ForeignKeyConstraint(
        ["business_id", "customer_id"], ["customers.business_id", "customers.id"], name="order_credits_customer"
    ),
    sa.Index(
        "order_credits_of_customer",
        "business_id",
        "customer_id",
        "posted_at",
        postgresql_where=sa.text("state <> 'released'"),
    ),
)
sa.Table(
    "job_marks",
    METADATA,
    sa.Column("business_id", UUID, primary_key=True),
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("created_at", TIME, nullable=False, server_default=sa.text("now()")),
)
