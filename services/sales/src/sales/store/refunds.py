"""Refunds, and goods that are to return to the shelf."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from kit.db import Tx
from kit.errors import NotFound
from sales.domain.refund import Part, Refund

NAMES = tuple(Refund.__slots__)
COLUMNS = ", ".join(NAMES)
REFUND = f"select {COLUMNS} from refunds where business_id = $1 and id = $2"
LOCKED_REFUND = f"{REFUND} for no key update"
REFUNDS_OF_SALE = f"select {COLUMNS} from refunds where business_id = $1 and sale_id = $2 order by id"
INSERT = (
    f"insert into refunds (business_id, {COLUMNS}) values ($1, {', '.join(f'${n + 2}' for n in range(len(NAMES)))})"
)
SAVE = """
    update refunds
    set status = $3, decided_by = $4, rejection_reason = $5, processed_by = $6, decided_at = $7, processed_at = $8
    where business_id = $1 and id = $2
"""
RESTOCK = """
    insert into restocks (business_id, id, storefront, lines, reference, reason, created_at)
    values ($1, $2, $3, $4, $5, $6, $7)
"""
RESTOCKS = "select business_id, id, storefront, lines, reference, reason from restocks order by created_at limit $1"
OWN_RESTOCK = """
    select business_id, id, storefront, lines, reference, reason from restocks where business_id = $1 and id = $2
"""
RESTOCKED = "delete from restocks where business_id = $1 and id = $2"


class Restock(NamedTuple):
    """Goods that are to return to a storefront's shelf: SKUs with quantities as text."""

    business: UUID
    id: UUID
    storefront: str
    lines: list[tuple[str, str]]
    reference: str
    reason: str


async def refund(tx: Tx, refund_id: UUID, *, lock: bool = False) -> Refund:
    """Returns a refund of the caller's business; raises NotFound. Whoever locks its sale, too, locks that first."""
    row = await tx.connection.fetchrow(LOCKED_REFUND if lock else REFUND, tx.business, refund_id)
    if row is None:
        raise NotFound("not_found", id=str(refund_id))
    return read(row)


async def of_sale(tx: Tx, sale_id: UUID) -> list[Refund]:
    """Returns the refunds of a locked sale, oldest first."""
    return [read(row) for row in await tx.connection.fetch(REFUNDS_OF_SALE, tx.business, sale_id)]


def insert(tx: Tx, new: Refund) -> None:
    """Saves a new refund."""
    values: list[Any] = [getattr(new, name) for name in NAMES]
    values[NAMES.index("items")] = [
        [str(part.item_id), str(part.quantity), part.restock, part.amount_q] for part in new.items
    ]
    tx.later(INSERT, tx.business, *values)


def save(tx: Tx, changed: Refund) -> None:
    """Saves where a refund stands, whose sale is locked."""
    tx.later(
        SAVE, tx.business, changed.id, changed.status, changed.decided_by, changed.rejection_reason,
        changed.processed_by, changed.decided_at, changed.processed_at,
    )  # fmt: skip


def read(row: "asyncpg.Record") -> Refund:
    """Returns the refund in a row that has its columns."""
    items = [Part(UUID(item_id), Decimal(qty), restock, amount_q) for item_id, qty, restock, amount_q in row["items"]]
    return Refund(**{name: row[name] for name in NAMES} | {"items": items})


def add_restock(tx: Tx, restock: Restock) -> None:
    """Writes down that goods are to return to the shelf."""
    tx.later(RESTOCK, *restock[:3], list(map(list, restock.lines)), *restock[4:], tx.now)


async def restocks(tx: Tx, limit: int) -> Sequence[Restock]:
    """Returns what the inventory has not been told of yet, oldest first."""
    return [Restock(*row) for row in await tx.connection.fetch(RESTOCKS, limit)]


async def restock(tx: Tx, restock_id: UUID) -> Restock | None:
    """Returns a restock of the caller's business that the inventory has not been told of yet."""
    row = await tx.connection.fetchrow(OWN_RESTOCK, tx.business, restock_id)
    return Restock(*row) if row else None


def restocked(tx: Tx, done: Restock) -> None:
    """Writes down that goods have returned."""
    tx.later(RESTOCKED, done.business, done.id)
