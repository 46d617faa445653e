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
sa.Table(
    "effects",
    METADATA,
    *_key(UUID, "business_id"),
    *_key(sa.Text, "kind", "code"),
    *_columns(sa.Text, "subject"),
    *_columns(JSONB, "intent"),
    *_columns(sa.Text, "state"),
    *_columns(sa.Integer, "attempts"),
    sa.Column("last_answer", JSONB),
    sa.Column("error", sa.Text, nullable=False, server_default=EMPTY),
    *_columns(TIME, "created_at", "updated_at"),
    sa.Index("effects_subject", "business_id", "subject"),
    sa.Index("effects_open", "updated_at", postgresql_where=sa.text("state in ('pending', 'sent', 'in_doubt')")),
)
sa.Table(
    "attachment_maps",
    METADATA,
    *_key(UUID, "business_id"),
    *_key(sa.Text, "origem_tabela"),
    *_key(sa.BigInteger, "origem_id"),
    *_key(sa.Text, "destino_tabela"),
    *_key(sa.BigInteger, "destino_id"),
    *_columns(sa.Text, "numero_nf"),
    *_columns(TIME, "created_at"),
)
PAIR = ("business_id", "origem_tabela", "origem_id", "destino_tabela", "destino_id")
sa.Table(
    "attachment_transfers",
    METADATA,
    *_key(UUID, "business_id", "id"),
    *_columns(sa.Text, "origem_tabela"),
    *_columns(sa.BigInteger, "origem_id"),
    *_columns(sa.Text, "destino_tabela"),
    *_columns(sa.BigInteger, "destino_id"),
    *_columns(sa.Text, "numero_nf", "status"),
    sa.Column("tentativas", sa.Integer, nullable=False, server_default=ZERO),
    *_columns(sa.Integer, "max_tentativas"),
    sa.Column("anexos_transferidos", JSONB, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("total_anexos", sa.Integer, nullable=False, server_default=ZERO),
    sa.Column("mensagem_erro", sa.Text, nullable=False, server_default=EMPTY),
    sa.Column("detalhes", JSONB, nullable=False, server_default=NONE),
    sa.Column("may_pass", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("run", UUID),
    sa.Column("lease_until", TIME),
    *_columns(TIME, "created_at", "updated_at"),
    sa.Column("processado_em", TIME),
    sa.Index(
        "attachment_transfers_open",
        *PAIR,
        unique=True,
        postgresql_where=sa.text("status in ('pending', 'processing')"),
    ),
    sa.Index("attachment_transfers_pair", *PAIR, "id"),
    sa.Index("attachment_transfers_due", "updated_at", postgresql_where=sa.text("status <> 'success'")),
)
sa.Table(
    "purchase_order_closures",
    METADATA,
    *_key(UUID, "business_id", "id"),
    *_columns(sa.Text, "numero_pedido", "item_pedido", "numero_nf_servico"),
    *_columns(sa.BigInteger, "id_nf_servico"),
    *_columns(sa.Text, "status"),
    sa.Column("tentativas", sa.Integer, nullable=False, server_default=ZERO),
    *_columns(sa.Integer, "max_tentativas"),
    sa.Column("mensagem_erro", sa.Text, nullable=False, server_default=EMPTY),
    sa.Column("detalhes", JSONB, nullable=False, server_default=NONE),
    sa.Column("may_pass", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("waits_for_person", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("n_cod_ped", sa.BigInteger),
    sa.Column("run", UUID),
    sa.Column("lease_until", TIME),
    *_columns(TIME, "created_at", "updated_at"),
    sa.Column("processado_em", TIME),
    sa.Index(
        "purchase_order_closures_open",
        "business_id",
        "numero_pedido",
        "item_pedido",
        unique=True,
        postgresql_where=sa.text("status in ('pending', 'processing')"),
    ),
    sa.Index("purchase_order_closures_order", "business_id", "numero_pedido", "item_pedido", "id"),
    sa.Index("purchase_order_closures_due", "updated_at", postgresql_where=sa.text("status <> 'success'")),
    sa.Index("purchase_order_closures_waiting", "n_cod_ped", postgresql_where=sa.text("waits_for_person")),
)
sa.Table(
    "omie_accounts",
    METADATA,
    *_key(UUID, "business_id"),
    *_key(sa.Text, "account"),
    *_columns(TIME, "bound_at"),
    sa.UniqueConstraint("account", name="omie_accounts_account"),
)
sa.Table(
    "omie_webhooks",
    METADATA,
    *_key(UUID, "business_id"),
    *_key(sa.Text, "message_id"),
    *_columns(UUID, "id"),
    sa.Column("account", sa.Text, nullable=False, server_default=EMPTY),
    *_columns(sa.Text, "topic"),
    *_columns(JSONB, "payload"),
    *_columns(sa.Text, "state"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default=ZERO),
    sa.Column("last_error", sa.Text, nullable=False, server_default=EMPTY),
    *_columns(TIME, "next_at", "received_at", "updated_at"),
    sa.Index("omie_webhooks_newest", "business_id", "id"),
    sa.Index("omie_webhooks_due", "next_at", postgresql_where=sa.text("state = 'pending'")),
)
sa.Table(
    "erp_mappings",
    METADATA,
    *_key(UUID, "business_id"),
    *_key(sa.Text, "kind", "key"),
    *_columns(JSONB, "value"),
    *_columns(TIME, "updated_at"),
)
sa.Table(
    "erp_orders",
    METADATA,
    *_key(UUID, "business_id"),
    *_key(sa.Text, "ref"),
    *_columns(UUID, "id"),
    *_columns(sa.Text, "channel_code"),
    sa.Column("content", JSONB),
    *_columns(sa.Text, "order_status"),
    *_columns(sa.BigInteger, "seq"),
    *_columns(sa.Text, "state"),
    sa.Column("error_code", sa.Text, nullable=False, server_default=EMPTY),
    sa.Column("error", sa.Text, nullable=False, server_default=EMPTY),
    sa.Column("missing", JSONB, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("attempts", sa.Integer, nullable=False, server_default=ZERO),
    sa.Column("changed", sa.Boolean, nullable=False, server_default=sa.text("false")),
    *_columns(TIME, "next_at"),
    sa.Column("look_at", TIME),
    sa.Column("external_id", sa.BigInteger),
    sa.Column("external_number", sa.Text, nullable=False, server_default=EMPTY),
    sa.Column("external_customer_id", sa.BigInteger),
    sa.Column("stage", sa.Text, nullable=False, server_default=EMPTY),
    sa.Column("is_cancelled", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("invoices", JSONB, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("run", UUID),
    sa.Column("lease_until", TIME),
    *_columns(TIME, "created_at", "updated_at"),
    sa.UniqueConstraint("business_id", "id", name="erp_orders_id"),
    sa.Index("erp_orders_due", "next_at", postgresql_where=sa.text("state in ('pending', 'processing')")),
    sa.Index(
        "erp_orders_held_up",
        "business_id",
        "state",
        postgresql_where=sa.text("state in ('needs_mapping', 'needs_person', 'failed')"),
    ),
    sa.Index("erp_orders_looked_at", "look_at", postgresql_where=sa.text("look_at is not null")),
    sa.Index("erp_orders_external", "external_id", postgresql_where=sa.text("external_id is not null")),
    sa.Index("erp_orders_unasked", "updated_at", postgresql_where=sa.text("state = 'unasked'")),
)
