"""The tables as they are after all migrations: alembic compares the database with them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP, UUID

from kit import machinery

METADATA = sa.MetaData()
machinery.tables(METADATA)
TIME = TIMESTAMP(timezone=True)
KEY = sa.Text(collation="C")
QUANTITY = sa.Numeric(12, 3)
ACTIVE = sa.text("status = 'active'")


def _columns(kind: Any, *names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]


def _key(*names: str, kind: Any = KEY) -> list[sa.Column[Any]]:
    keys = [sa.Column(name, kind, primary_key=True) for name in names]
    return [sa.Column("business_id", UUID, primary_key=True), *keys]


sa.Table(
    "products",
    METADATA,
    *_key("sku"),
    *_columns(sa.Text, "name", "unit"),
    *_columns(QUANTITY, "step"),
    *_columns(sa.Text, "barcode"),
    *_columns(sa.BigInteger, "retail_price_q", "wholesale_price_q", "cost_q"),
    *_columns(sa.Boolean, "is_active"),
    *_columns(TIME, "created_at", "updated_at"),
    sa.Column("allocation", sa.Text, nullable=False, server_default="priority"),
    sa.Index("products_barcode", "business_id", "barcode", postgresql_where=sa.text("barcode <> ''")),
)
sa.Table(
    "price_lists",
    METADATA,
    *_key("code"),
    *_columns(sa.Text, "name", "currency"),
    *_columns(sa.Boolean, "is_active"),
    *_columns(TIME, "created_at", "updated_at"),
)
sa.Table(
    "listed_prices",
    METADATA,
    *_key("price_list", "sku"),
    *_columns(sa.BigInteger, "price_q"),
    sa.ForeignKeyConstraint(
        ["business_id", "price_list"], ["price_lists.business_id", "price_lists.code"], name="listed_prices_list"
    ),
    sa.ForeignKeyConstraint(
        ["business_id", "sku"], ["products.business_id", "products.sku"], name="listed_prices_product"
    ),
)
sa.Table(
    "locations",
    METADATA,
    *_key("code"),
    *_columns(sa.Text, "name", "type"),
    *_columns(sa.Integer, "priority"),
    *_columns(sa.Boolean, "is_active"),
    *_columns(TIME, "created_at", "updated_at"),
    sa.Column("safety_stock", QUANTITY, nullable=False, server_default="0"),
)
sa.Table(
    "stock",
    METADATA,
    *_key("sku", "location"),
    *_columns(QUANTITY, "on_hand", "reserved"),
    *_columns(QUANTITY, "reorder_point", "safety_stock", nullable=True),
    sa.Column("backorder_limit", QUANTITY, nullable=False, server_default="0"),
    sa.Column("has_lots", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.ForeignKeyConstraint(["business_id", "sku"], ["products.business_id", "products.sku"], name="stock_product"),
    sa.ForeignKeyConstraint(
        ["business_id", "location"], ["locations.business_id", "locations.code"], name="stock_location"
    ),
)
sa.Table(
    "reservations",
    METADATA,
    *_key("id", kind=UUID),
    *_columns(sa.Text, "owner_type"),
    *_columns(KEY, "owner_scope", "owner_ref", "sku", "location"),
    *_columns(QUANTITY, "qty", "qty_fulfilled"),
    *_columns(sa.Text, "status"),
    *_columns(KEY, "order_ref"),
    *_columns(TIME, "created_at", "expires_at"),
    *_columns(TIME, "fulfilled_at", "released_at", nullable=True),
    sa.Index("reservations_owner", "business_id", "owner_ref", "owner_type"),
    sa.Index("reservations_order", "business_id", "order_ref", postgresql_where=sa.text("order_ref <> ''")),
    sa.Index("reservations_active", "business_id", "sku", "location", "expires_at", postgresql_where=ACTIVE),
    sa.Index("reservations_due", "expires_at", postgresql_where=ACTIVE),
)
sa.Table(
    "movements",
    METADATA,
    *_key(),
    sa.Column("id", UUID, primary_key=True, server_default=sa.text("uuidv7()")),
    *_columns(sa.Text, "type"),
    *_columns(KEY, "sku", "location"),
    *_columns(QUANTITY, "qty_delta"),
    *_columns(sa.Text, "reference", "reason"),
    *_columns(sa.BigInteger, "unit_cost_q", nullable=True),
    *_columns(sa.Text, "lot"),
    *_columns(sa.Date, "expiry_date", nullable=True),
    *_columns(sa.Text, "supplier", "actor"),
    *_columns(TIME, "created_at"),
    *_columns(UUID, "lot_id", nullable=True),
    sa.Index("movements_shelf", "business_id", "sku", "location", "created_at"),
    sa.Index("movements_reference", "business_id", "reference", postgresql_where=sa.text("reference <> ''")),
    sa.Index("movements_created_at", "created_at", postgresql_using="brin"),
)
sa.Table(
    "transfers",
    METADATA,
    *_key("id", kind=UUID),
    *_columns(KEY, "from_location", "to_location"),
    *_columns(sa.Text, "reference", "status"),
    *_columns(TIME, "created_at"),
    *_columns(TIME, "closed_at", nullable=True),
    sa.ForeignKeyConstraint(
        ["business_id", "from_location"], ["locations.business_id", "locations.code"], name="transfers_from"
    ),
    sa.ForeignKeyConstraint(
        ["business_id", "to_location"], ["locations.business_id", "locations.code"], name="transfers_to"
    ),
)
sa.Table(
    "transfer_lines",
    METADATA,
    *_key("transfer_id", kind=UUID),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    *_columns(KEY, "sku"),
    *_columns(QUANTITY, "qty", "qty_received"),
    sa.Column("lot", sa.Text, nullable=False, server_default=""),
    *_columns(sa.Date, "expiry_date", nullable=True),
    *_columns(sa.BigInteger, "unit_cost_q", nullable=True),
    sa.Column("supplier", sa.Text, nullable=False, server_default=""),
    sa.ForeignKeyConstraint(
        ["business_id", "transfer_id"], ["transfers.business_id", "transfers.id"], name="transfer_lines_transfer"
    ),
)
sa.Table(
    "lots",
    METADATA,
    *_key("id", kind=UUID),
    *_columns(KEY, "sku", "location"),
    *_columns(sa.Text, "lot"),
    *_columns(sa.Date, "expiry_date", nullable=True),
    *_columns(sa.BigInteger, "unit_cost_q", nullable=True),
    *_columns(sa.Text, "supplier"),
    *_columns(TIME, "received_at"),
    *_columns(QUANTITY, "qty", "qty_left"),
    sa.ForeignKeyConstraint(
        ["business_id", "sku", "location"], ["stock.business_id", "stock.sku", "stock.location"], name="lots_shelf"
    ),
    sa.Index("lots_left", "business_id", "sku", "location", "expiry_date", postgresql_where=sa.text("qty_left > 0")),
    sa.Index("lots_expiry", "business_id", "expiry_date", "id", postgresql_where=sa.text("qty_left > 0")),
)
sa.Table("stock_crossings", METADATA, *_key("id", kind=UUID), *_columns(KEY, "sku", "location"))
sa.Table(
    "stock_alerts",
    METADATA,
    *_key("id", kind=UUID),
    *_columns(KEY, "sku", "location"),
    *_columns(sa.Text, "status"),
    *_columns(QUANTITY, "available", "reorder_point"),
    *_columns(TIME, "opened_at"),
    *_columns(TIME, "acknowledged_at", nullable=True),
    *_columns(sa.Text, "acknowledged_by"),
    *_columns(TIME, "closed_at", nullable=True),
    sa.Index(
        "stock_alerts_open", "business_id", "sku", "location", unique=True,
        postgresql_where=sa.text("closed_at is null"),
    ),
)  # fmt: skip
sa.Table(
    "product_alternatives",
    METADATA,
    *_key("sku"),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    *_columns(KEY, "alternative"),
    sa.ForeignKeyConstraint(
        ["business_id", "sku"], ["products.business_id", "products.sku"], name="product_alternatives_sku"
    ),
    sa.ForeignKeyConstraint(
        ["business_id", "alternative"], ["products.business_id", "products.sku"], name="product_alternatives_to"
    ),
)
sa.Table(
    "allocations",
    METADATA,
    *_key("id", kind=UUID),
    *_columns(sa.Text, "owner_type"),
    *_columns(KEY, "owner_scope", "owner_ref", "sku"),
    *_columns(QUANTITY, "qty"),
    *_columns(sa.Text, "rule", "reason"),
    *_columns(sa.ARRAY(sa.Text), "locations"),
    *_columns(sa.ARRAY(QUANTITY), "free", "taken"),
    *_columns(TIME, "decided_at"),
    sa.Index("allocations_owner", "business_id", "owner_ref", "owner_type"),
    sa.Index("allocations_decided_at", "decided_at", postgresql_using="brin"),
)
sa.Table("businesses", METADATA, *_key(), *_columns(sa.Text, "timezone"))
sa.Table("session_holds", METADATA, *_key("channel_code", "session_key"), *_columns(sa.BigInteger, "rev"))
sa.Table("order_stock", METADATA, *_key("order_ref"), *_columns(TIME, "committed_at", "released_at", nullable=True))
sa.Table("awaiting_orders", METADATA, *_key("sku", "location", "order_ref"), *_columns(TIME, "refused_at"))
sa.Table(
    "restocks",
    METADATA,
    *_key("return_number"),
    *_columns(KEY, "order_ref"),
    sa.Column("created_at", TIME, nullable=False, server_default=sa.text("now()")),
    sa.Index("restocks_order", "business_id", "order_ref"),
)
