"""Price lists, loaded and saved."""

from collections.abc import Sequence

from inventory.domain.pricing import Price, PriceList
from inventory.store.columns import columns
from kit.db import Tx
from kit.errors import NotFound

PRICE_LIST = ", ".join(PriceList._fields)

NEW_PRICE_LIST = f"""
    insert into price_lists (business_id, {PRICE_LIST})
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict do nothing
    returning true
"""
LOCKED_PRICE_LIST = f"select {PRICE_LIST} from price_lists where business_id = $1 and code = $2 for no key update"
SAVE_PRICE_LIST = """
    update price_lists set name = $3, is_active = $4, updated_at = $5 where business_id = $1 and code = $2
"""
SET_PRICES = """
    insert into listed_prices (business_id, price_list, sku, price_q)
    select $1::uuid, $2::text, sku, price_q from unnest($3::text[], $4::bigint[]) as price (sku, price_q)
    on conflict (business_id, price_list, sku) do update set price_q = excluded.price_q
"""
REMOVE_PRICES = "delete from listed_prices where business_id = $1 and price_list = $2 and sku = any($3::text[])"


async def add_price_list(tx: Tx, price_list: PriceList) -> bool:
    """Adds a price list; False when its code exists."""
    return bool(await tx.connection.fetchval(NEW_PRICE_LIST, tx.business, *price_list))


async def lock_price_list(tx: Tx, code: str) -> PriceList:
    """Locks a price list; raises NotFound."""
    if row := await tx.connection.fetchrow(LOCKED_PRICE_LIST, tx.business, code):
        return PriceList(*row)
    raise NotFound("not_found", code=code)


def save_price_list(tx: Tx, price_list: PriceList) -> None:
    """Writes a locked price list."""
    tx.later(
        SAVE_PRICE_LIST, tx.business, price_list.code, price_list.name, price_list.is_active, price_list.updated_at
    )


def save_prices(tx: Tx, code: str, prices: Sequence[Price]) -> None:
    """Writes prices of a locked price list, each SKU once, and removes those that have no figure."""
    if kept := [price for price in prices if price.price_q is not None]:
        tx.later(SET_PRICES, tx.business, code, *columns(kept))
    if removed := [price.sku for price in prices if price.price_q is None]:
        tx.later(REMOVE_PRICES, tx.business, code, removed)
