"""Businesses and storefronts: made and found."""

from dataclasses import replace
from typing import Any

from comanda.sales.events.v1 import events_pb2 as events
from kit import outbox
from kit.db import Tx
from kit.errors import Duplicate, Forbidden, Invalid, NotFound
from kit.identity import NO_BUSINESS
from kit.ids import uuid7
from sales.domain import place
from sales.domain.business import Business, Storefront
from sales.store import businesses as store


async def create_business(tx: Tx, code: str, name: str, timezone: str, currency: str) -> Business:
    """Creates a tenant; an empty zone or currency is Brazil's. Raises Forbidden, Invalid, or Duplicate(`duplicate_code`)."""
    if tx.business != NO_BUSINESS:
        raise Forbidden("operator_only")
    new = Business(uuid7(), code, name, timezone or place.TIMEZONE, currency or place.CURRENCY, tx.now)
    place.check(new.timezone, new.currency)
    tx.conflicts["businesses_code"] = Duplicate("duplicate_code", code=code)
    store.insert_business(tx, new)
    event = events.BusinessCreated(code=code, name=name, timezone=new.timezone, currency=new.currency)
    outbox.add(tx, f"business/{code}", event, business=new.business_id)
    return new


async def own_business(tx: Tx, *, lock: bool = False) -> Business:
    """Returns the caller's business; raises Invalid(`business_required`) for an operator who named none, or NotFound."""
    if tx.business == NO_BUSINESS:
        raise Invalid("business_required")
    if (found := await store.business(tx, lock=lock)) is None:
        raise NotFound("not_found")
    return found


async def update_business(tx: Tx, changes: dict[str, Any]) -> Business:
    """Changes the given fields of the caller's business; raises Invalid(`unknown_timezone`) or NotFound."""
    changed = replace(await own_business(tx, lock=True), **changes)
    place.check(changed.timezone, changed.currency)
    store.save_business(tx, changed)
    return changed


async def create_storefront(tx: Tx, new: Storefront) -> Storefront:
    """Creates a storefront; an empty zone or currency is the business's. Raises Invalid, NotFound, or Duplicate."""
    business = await own_business(tx)
    made = replace(new, timezone=new.timezone or business.timezone, currency=new.currency or business.currency)
    place.check(made.timezone, made.currency)
    tx.conflicts["storefronts_pkey"] = Duplicate("duplicate_code", code=made.code)
    store.insert_storefront(tx, made)
    outbox.add(tx, f"storefront/{made.code}", events.StorefrontCreated(code=made.code, name=made.name))
    return made


async def update_storefront(tx: Tx, code: str, changes: dict[str, Any]) -> Storefront:
    """Changes the given fields; raises Invalid(`unknown_timezone`) or NotFound."""
    changed = replace(await store.storefront(tx, code, lock=True), **changes)
    place.check(changed.timezone, changed.currency)
    store.save_storefront(tx, changed)
    return changed
