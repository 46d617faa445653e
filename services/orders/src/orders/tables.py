"""The tables as they are after all migrations: alembic compares the database with them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, TSVECTOR, UUID

from kit import machinery

METADATA = sa.MetaData()
machinery.tables(METADATA)
TIME = TIMESTAMP(timezone=True)
EMPTY = sa.text("''::text")


def _columns(kind: Any, *names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]


def _key(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column("business_id", UUID, primary_key=True), *(sa.Column(n, sa.Text, primary_key=True) for n in names)]


sa.Table("businesses", METADATA, *_key(), *_columns(sa.Text, "timezone", "currency"))
sa.Table(
    "channels",
    METADATA,
    *_key("code"),
    *_columns(sa.Text, "name", "pricing_policy", "edit_policy", "currency"),
    *_columns(sa.Integer, "display_order"),
    *_columns(JSONB, "config"),
    *_columns(sa.BigInteger, "config_version"),
    *_columns(sa.Boolean, "is_active"),
    *_columns(TIME, "created_at", "updated_at"),
)
sa.Table(
    "channel_configs",
    METADATA,
    *_key("channel_code"),
    sa.Column("version", sa.BigInteger, primary_key=True),
    *_columns(JSONB, "config"),
    *_columns(TIME, "created_at"),
)
SESSIONS = sa.Table(
    "sessions",
    METADATA,
    *_key("channel_code", "session_key"),
    *_columns(UUID, "id"),
    *_columns(sa.Text, "handle_type", "handle_ref", "state", "pricing_policy", "edit_policy", "currency"),
    *_columns(sa.BigInteger, "rev", "discount_q", "shipping_q", "tax_q"),
    *_columns(JSONB, "lines", "data", "checks", "issues", "pricing_trace"),
    sa.Column("commit_token", sa.Text, nullable=False, server_default=EMPTY),
    sa.Column("order_ref", sa.Text, nullable=False, server_default=EMPTY),
    *_columns(TIME, "opened_at", "updated_at"),
    *_columns(TIME, "committed_at", nullable=True),
)
sa.Index(
    "sessions_open_handle",
    *(SESSIONS.c[name] for name in ("business_id", "channel_code", "handle_type", "handle_ref")),
    unique=True,
    postgresql_where=sa.text("state = 'open' and handle_ref <> ''"),
)
sa.Index("sessions_key", SESSIONS.c.business_id, SESSIONS.c.session_key)
sa.Index("sessions_newest", SESSIONS.c.business_id, SESSIONS.c.id)
sa.Index("sessions_open", SESSIONS.c.business_id, SESSIONS.c.id, postgresql_where=sa.text("state = 'open'"))
sa.Index(
    "sessions_handle",
    *(SESSIONS.c[name] for name in ("business_id", "handle_type", "handle_ref", "id")),
    postgresql_where=sa.text("handle_ref <> ''"),
)
ORDERS = sa.Table(
    "orders",
    METADATA,
    *_key("ref"),
    *_columns(UUID, "id"),
    *_columns(
        sa.Text, "channel_code", "session_key", "handle_type", "handle_ref", "external_ref", "status", "currency"
    ),
    *_columns(
        sa.BigInteger, "config_version", "subtotal_q", "discount_q", "shipping_q", "tax_q", "total_q", "last_seq"
    ),
    *_columns(sa.Integer, "items_count"),
    *_columns(JSONB, "data", "snapshot"),
    *_columns(TIME, "created_at", "updated_at"),
    *_columns(TIME, "confirmed_at", "processing_at", "ready_at", "dispatched_at", nullable=True),
    *_columns(TIME, "delivered_at", "completed_at", "cancelled_at", "returned_at", nullable=True),
    sa.Column("assigned_to", sa.Text, nullable=False, server_default=EMPTY),
    sa.UniqueConstraint("business_id", "channel_code", "session_key", name="orders_session"),
)
sa.Index(
    "orders_external_ref",
    *(ORDERS.c[name] for name in ("business_id", "channel_code", "external_ref")),
    unique=True,
    postgresql_where=sa.text("external_ref <> ''"),
)
sa.Index("orders_newest", ORDERS.c.business_id, ORDERS.c.id, unique=True)
sa.Index(
    "orders_completed",
    ORDERS.c.business_id,
    ORDERS.c.completed_at,
    postgresql_where=sa.text("completed_at is not null"),
)
sa.Index("orders_status", ORDERS.c.business_id, ORDERS.c.status, ORDERS.c.id)
sa.Index("orders_channel", ORDERS.c.business_id, ORDERS.c.channel_code, ORDERS.c.id)
sa.Index("orders_total_q", ORDERS.c.business_id, ORDERS.c.total_q, ORDERS.c.id)
sa.Index(
    "orders_handle",
    *(ORDERS.c[name] for name in ("business_id", "handle_type", "handle_ref", "id")),
    postgresql_where=sa.text("handle_ref <> ''"),
)
ORDER_SEARCH = sa.Table(
    "order_search",
    METADATA,
    *_key(),
    sa.Column("id", UUID, primary_key=True),
    *_columns(TSVECTOR, "words"),
)
sa.Index("order_search_words", ORDER_SEARCH.c.words, postgresql_using="gin")
sa.Table(
    "order_items",
    METADATA,
    *_key("order_ref", "line_id"),
    *_columns(sa.Integer, "position"),
    *_columns(sa.Text, "sku", "name"),
    *_columns(sa.Numeric(12, 3), "qty"),
    *_columns(sa.BigInteger, "unit_price_q", "line_total_q"),
    *_columns(JSONB, "meta"),
    sa.Column("qty_allotted", sa.Numeric(12, 3), nullable=False, server_default=sa.text("0")),
    sa.Column("qty_returned", sa.Numeric(12, 3), nullable=False, server_default=sa.text("0")),
)
ORDER_EVENTS = sa.Table(
    "order_events",
    METADATA,
    *_key("order_ref"),
    sa.Column("seq", sa.BigInteger, primary_key=True),
    *_columns(sa.Text, "type", "actor", "actor_label", "request_id", "address", "agent"),
    *_columns(JSONB, "payload"),
    *_columns(TIME, "created_at"),
    sa.Column("position", sa.BigInteger, nullable=False, server_default=sa.text("feed_position(pg_current_xact_id())")),
)
sa.Table("counters", METADATA, *_key("name"), *_columns(sa.BigInteger, "last"))
FULFILLMENTS = sa.Table(
    "fulfillments",
    METADATA,
    *_key("number"),
    *_columns(sa.Text, "order_ref", "status", "assigned_to", "warehouse_location", "box_size", "carrier"),
    *_columns(sa.Text, "tracking_number", "tracking_url", "picking_notes", "packing_notes"),
    *_columns(sa.Numeric(12, 3), "weight", nullable=True),
    *_columns(TIME, "created_at", "updated_at"),
    *_columns(TIME, "assigned_at", "picking_started_at", "picking_completed_at", "packing_started_at", nullable=True),
    *_columns(TIME, "packing_completed_at", "shipped_at", "fulfilled_at", "cancelled_at", nullable=True),
)
sa.Index("fulfillments_order", FULFILLMENTS.c.business_id, FULFILLMENTS.c.order_ref)
sa.Index("fulfillments_status", FULFILLMENTS.c.business_id, FULFILLMENTS.c.status, FULFILLMENTS.c.number)
sa.Table("fulfillment_items", METADATA, *_key("number", "line_id"), *_columns(sa.Numeric(12, 3), "qty"))
RETURNS = sa.Table(
    "returns",
    METADATA,
    *_key("number"),
    *_columns(sa.Text, "order_ref", "status", "reason"),
    sa.Column("refund_q", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    *_columns(TIME, "created_at", "updated_at"),
    *_columns(TIME, "received_at", "restocked_at", "refunded_at", "cancelled_at", nullable=True),
)
sa.Index("returns_order", RETURNS.c.business_id, RETURNS.c.order_ref)
sa.Table(
    "return_items",
    METADATA,
    *_key("number", "line_id"),
    *_columns(sa.Numeric(12, 3), "qty"),
    *_columns(sa.Boolean, "restock"),
)
NOTES = sa.Table(
    "order_notes",
    METADATA,
    *_key(),
    sa.Column("id", UUID, primary_key=True),
    *_columns(sa.Text, "order_ref", "note", "created_by"),
    *_columns(sa.Boolean, "is_internal", "notify_customer"),
    *_columns(TIME, "created_at", "updated_at"),
    *_columns(TIME, "notified_at", nullable=True),
)
sa.Index("order_notes_order", NOTES.c.business_id, NOTES.c.order_ref, NOTES.c.id)
sa.Index("order_events_feed", *(ORDER_EVENTS.c[name] for name in ("business_id", "position", "order_ref", "seq")))
DIRECTIVES = sa.Table(
    "directives",
    METADATA,
    *_key(),
    sa.Column("id", UUID, primary_key=True),
    *_columns(sa.Text, "topic", "status", "order_ref", "channel_code", "session_key"),
    *_columns(JSONB, "payload"),
    *_columns(sa.Integer, "attempts"),
    sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("error_code", sa.Text, nullable=False, server_default=EMPTY),
    sa.Column("last_error", sa.Text, nullable=False, server_default=EMPTY),
    *_columns(TIME, "available_at", "due_at", "created_at", "updated_at"),
    *_columns(TIME, "leased_until", "started_at", nullable=True),
)
sa.Index(
    "directives_due_of_business",
    DIRECTIVES.c.business_id,
    DIRECTIVES.c.due_at,
    postgresql_where=sa.text("status = 'queued'"),
)
sa.Index(
    "directives_order",
    DIRECTIVES.c.business_id,
    DIRECTIVES.c.order_ref,
    postgresql_where=sa.text("order_ref <> ''"),
)
sa.Index("directives_session", DIRECTIVES.c.business_id, DIRECTIVES.c.session_key)
REFS = sa.Table(
    "refs",
    METADATA,
    *_key(),
    sa.Column("id", UUID, primary_key=True),
    *_columns(sa.Text, "type"),
    *_columns(JSONB, "scope"),
    *_columns(sa.Text, "value", "channel_code", "session_key", "order_ref"),
    *_columns(sa.Boolean, "forever", "expires", "copied", "is_active"),
    *_columns(TIME, "created_at"),
)
sa.Index(
    "refs_value",
    *(REFS.c[name] for name in ("business_id", "type", "scope", "value")),
    unique=True,
    postgresql_where=sa.text("is_active or forever"),
)
sa.Index(
    "refs_session",
    *(REFS.c[name] for name in ("business_id", "channel_code", "session_key")),
    postgresql_where=sa.text("session_key <> ''"),
)
sa.Index("refs_order", REFS.c.business_id, REFS.c.order_ref, postgresql_where=sa.text("order_ref <> ''"))
sa.Table(
    "ref_sequences",
    METADATA,
    *_key("name"),
    sa.Column("scope", JSONB, primary_key=True),
    *_columns(sa.BigInteger, "last"),
)
MARKETPLACES = sa.Table(
    "marketplaces",
    METADATA,
    *_key("channel_code"),
    *_columns(sa.Text, "kind", "hook", "secret"),
    *_columns(JSONB, "status_map"),
    *_columns(sa.Boolean, "is_active"),
    *_columns(TIME, "created_at", "updated_at"),
)
sa.Index("marketplaces_hook", MARKETPLACES.c.hook, unique=True)
MARKETPLACE_EVENTS = sa.Table(
    "marketplace_events",
    METADATA,
    *_key("channel_code", "event_id"),
    sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
    *_columns(sa.Text, "order_id", "code"),
    *_columns(JSONB, "payload"),
    sa.Column("status", sa.Text, nullable=False, server_default=sa.text("'received'::text")),
    sa.Column("error_code", sa.Text, nullable=False, server_default=EMPTY),
    sa.Column("order_ref", sa.Text, nullable=False, server_default=EMPTY),
    sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("due_at", TIME, nullable=False, server_default=sa.text("now()")),
    sa.Column("received_at", TIME, nullable=False, server_default=sa.text("now()")),
    *_columns(TIME, "settled_at", nullable=True),
)
sa.Index("marketplace_events_due", MARKETPLACE_EVENTS.c.due_at, postgresql_where=sa.text("status = 'received'"))
sa.Index(
    "marketplace_events_order",
    *(MARKETPLACE_EVENTS.c[name] for name in ("business_id", "channel_code", "order_id", "position")),
)
sa.Index(
    "marketplace_events_newest", *(MARKETPLACE_EVENTS.c[name] for name in ("business_id", "channel_code", "position"))
)
sa.Table(
    "webhook_endpoints",
    METADATA,
    *_key(),
    sa.Column("id", UUID, primary_key=True),
    *_columns(sa.Text, "url", "secret", "description"),
    sa.Column("topics", ARRAY(sa.Text), nullable=False),
    *_columns(sa.Boolean, "is_active"),
    *_columns(TIME, "created_at", "updated_at"),
)
DELIVERIES = sa.Table(
    "deliveries",
    METADATA,
    *_key(),
    sa.Column("id", UUID, primary_key=True),
    *_columns(UUID, "directive_id"),
    *_columns(UUID, "endpoint_id", nullable=True),
    *_columns(sa.Text, "topic", "kind", "lane", "status"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("response_code", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("error_code", sa.Text, nullable=False, server_default=EMPTY),
    sa.Column("last_error", sa.Text, nullable=False, server_default=EMPTY),
    *_columns(TIME, "due_at", "created_at", "updated_at"),
    *_columns(TIME, "delivered_at", nullable=True),
)
sa.Index("deliveries_directive", DELIVERIES.c.business_id, DELIVERIES.c.directive_id, DELIVERIES.c.lane)
sa.Index(
    "deliveries_queued",
    *(DELIVERIES.c[name] for name in ("business_id", "lane", "due_at")),
    postgresql_where=sa.text("status = 'queued'"),
)
sa.Index(
    "deliveries_sending",
    *(DELIVERIES.c[name] for name in ("business_id", "lane")),
    postgresql_where=sa.text("status = 'sending'"),
)
sa.Table(
    "delivery_attempts",
    METADATA,
    *_key(),
    sa.Column("delivery_id", UUID, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    *_columns(sa.Integer, "duration_ms", "response_code"),
    *_columns(sa.Text, "error_code", "error"),
    *_columns(TIME, "started_at"),
)
sa.Table(
    "known_products",
    METADATA,
    *_key("sku"),
    *_columns(sa.Text, "name"),
    *_columns(sa.BigInteger, "price_q"),
    *_columns(sa.Boolean, "is_active"),
    *_columns(TIME, "as_of"),
)
sa.Table(
    "known_price_lists",
    METADATA,
    *_key("code"),
    *_columns(sa.Text, "currency"),
    *_columns(sa.Boolean, "is_active"),
    *_columns(TIME, "as_of"),
)
sa.Table(
    "known_prices",
    METADATA,
    *_key("price_list", "sku"),
    *_columns(sa.BigInteger, "price_q", nullable=True),
    *_columns(TIME, "as_of"),
)
