"""Channels and the versions of their rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kit.db import Tx
from orders.domain.channel import Channel

COLUMNS = """code, name, pricing_policy, edit_policy, display_order, config, config_version, is_active, currency,
    created_at, updated_at"""
CHANNEL = f"select {COLUMNS} from channels where business_id = $1 and code = $2"
PRICING = """
    select c.pricing_policy as policy, coalesce(c.config ->> 'price_list', '') as price_list, c.currency,
        coalesce(b.currency, c.currency) as products_currency
    from channels c left join businesses b on b.business_id = c.business_id
    where c.business_id = $1 and c.code = $2
"""
SESSION_PRICING = """
    select s.pricing_policy as policy, coalesce(c.config ->> 'price_list', '') as price_list, s.currency,
        coalesce(b.currency, s.currency) as products_currency
    from sessions s join channels c on c.business_id = s.business_id and c.code = s.channel_code
    left join businesses b on b.business_id = s.business_id
    where s.business_id = $1 and ($2 = '' or s.channel_code = $2) and s.session_key = $3
"""
BUSINESS_CURRENCY = "select currency from businesses where business_id = $1"
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


@dataclass(frozen=True, slots=True)
class Pricing:
    """Who decides prices, the list that is looked into first, and the currencies of what is sold and of products."""

    policy: str
    price_list: str
    currency: str
    products_currency: str


async def pricing(tx: Tx, channel_code: str, session_key: str) -> Pricing | None:
    """Returns how a session is priced, or for an empty key, how a new one of the channel would be."""
    place = (tx.business, channel_code, *([session_key] if session_key else []))
    row = await tx.connection.fetchrow(SESSION_PRICING if session_key else PRICING, *place)
    return Pricing(**row) if row else None


async def business_currency(tx: Tx) -> str:
    """Returns the ISO 4217 code of the business's currency; empty where nothing is known of it yet."""
    return await tx.connection.fetchval(BUSINESS_CURRENCY, tx.business) or ""


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
