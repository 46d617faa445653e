"""Channels and the versions of their rules."""

from collections.abc import Mapping
from typing import Any

from kit.db import Tx
from orders.domain.channel import Channel

COLUMNS = """code, name, pricing_policy, edit_policy, display_order, config, config_version, is_active, currency,
    created_at, updated_at"""
CHANNEL = f"select {COLUMNS} from channels where business_id = $1 and code = $2"
LOCKED_CHANNEL = f"{CHANNEL} for update"
INSERT = f"""insert into channels (business_id, {COLUMNS})
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"""
UPDATE = """update channels set name = $3, pricing_policy = $4, edit_policy = $5, display_order = $6, config = $7,
    config_version = $8, is_active = $9, updated_at = $10 where business_id = $1 and code = $2"""
INSERT_CONFIG = """insert into channel_configs (business_id, channel_code, version, config, created_at)
    values ($1, $2, $3, $4, $5) on conflict do nothing"""
UPSERT_BUSINESSES = """
    insert into businesses (business_id, timezone, currency)
    select * from unnest($1::uuid[], $2::text[], $3::text[])
    on conflict (business_id) do update set timezone = excluded.timezone, currency = excluded.currency
"""


async def channel(tx: Tx, code: str, *, lock: bool = False) -> Channel | None:
    """Returns the channel; locked until the transaction ends where asked."""
    row = await tx.connection.fetchrow(LOCKED_CHANNEL if lock else CHANNEL, tx.business, code)
    return Channel(**row) if row else None


def insert_channel(tx: Tx, new: Channel) -> None:
    """Saves a new channel and the first version of its rules."""
    tx.later(
        INSERT, tx.business, new.code, new.name, new.pricing_policy, new.edit_policy, new.display_order, new.config,
        new.config_version, new.is_active, new.currency, new.created_at, new.updated_at,
    )  # fmt: skip
    _insert_config(tx, new)


def update_channel(tx: Tx, changed: Channel) -> None:
    """Saves a channel and, when they changed, the new version of its rules."""
    tx.later(
        UPDATE, tx.business, changed.code, changed.name, changed.pricing_policy, changed.edit_policy,
        changed.display_order, changed.config, changed.config_version, changed.is_active, changed.updated_at,
    )  # fmt: skip
    _insert_config(tx, changed)


def _insert_config(tx: Tx, channel: Channel) -> None:
    config: Mapping[str, Any] = channel.config
    tx.later(INSERT_CONFIG, tx.business, channel.code, channel.config_version, config, tx.now)
