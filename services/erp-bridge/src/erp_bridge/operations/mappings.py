"""Mappings are set and removed here."""

from datetime import datetime
from typing import Any

from erp_bridge.domain import mapping
from erp_bridge.domain.export import State
from erp_bridge.store import mappings, orders
from kit.db import Tx
from kit.errors import NotFound


async def put(tx: Tx, kind: str, key: str, value: Any) -> tuple[Any, datetime]:
    """Sets a mapping and returns its value as kept, and when; orders that lack one of its kind are taken up again.

    Raises Invalid(`invalid_mapping`).
    """
    kept = mapping.checked(kind, value)
    at = await mappings.put(tx, kind, key, kept)
    for lacking in mapping.OF_CHANNEL if kind == mapping.CHANNEL else (kind,):
        await orders.take_up(tx, tx.business, [State.NEEDS_MAPPING], lacking=lacking)
    return kept, at


async def remove(tx: Tx, kind: str, key: str) -> None:
    """Removes a mapping; raises NotFound."""
    if not await mappings.remove(tx, kind, key):
        raise NotFound("not_found", kind=kind, key=key)
