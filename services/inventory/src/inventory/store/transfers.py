"""Transfers, loaded and saved. A transfer's row is locked before any shelf."""

from collections.abc import Iterable
from dataclasses import astuple
from typing import Any
from uuid import UUID

import asyncpg

from inventory.domain.transfer import Line, Status, Transfer
from inventory.store.columns import columns
from kit.db import Tx
from kit.errors import NotFound

TRANSFER = "business_id, id, from_location, to_location, reference, status, created_at, closed_at"

NEW_TRANSFER = f"insert into transfers ({TRANSFER}) values ($1, $2, $3, $4, $5, $6, $7, $8)"
NEW_LINES = """
    insert into transfer_lines (
        business_id, transfer_id, n, sku, qty, qty_received, lot, expiry_date, unit_cost_q, supplier
    )
    select $1::uuid, $2::uuid, line.*
    from unnest(
        $3::integer[], $4::text[], $5::numeric[], $6::numeric[], $7::text[], $8::date[], $9::bigint[], $10::text[]
    ) as line
"""
LOCKED_TRANSFER = f"select {TRANSFER} from transfers where business_id = $1 and id = $2 for update"
LINE = "sku, qty, qty_received, lot, expiry_date, unit_cost_q, supplier"
"""The columns of a line, in the order of the domain's fields."""
LINES = f"""
    select {LINE} from transfer_lines where business_id = $1 and transfer_id = $2 order by n
"""
SAVE_TRANSFER = "update transfers set status = $3, closed_at = $4 where business_id = $1 and id = $2"
SAVE_LINES = """
    update transfer_lines as l set qty_received = c.qty_received
    from unnest($3::integer[], $4::numeric[]) as c (n, qty_received)
    where l.business_id = $1 and l.transfer_id = $2 and l.n = c.n
"""


async def add(tx: Tx, transfer: Transfer) -> None:
    """Adds a transfer with its lines."""
    await tx.connection.execute(NEW_TRANSFER, *_row(transfer))
    rows = [(n, *astuple(line)) for n, line in enumerate(transfer.lines)]
    tx.later(NEW_LINES, transfer.business, transfer.id, *columns(rows))


def _row(transfer: Transfer) -> tuple[Any, ...]:
    return (
        transfer.business, transfer.id, transfer.origin, transfer.destination, transfer.reference, transfer.status,
        transfer.created_at, transfer.closed_at,
    )  # fmt: skip


async def lock(tx: Tx, identifier: UUID) -> Transfer:
    """Locks a transfer; raises NotFound."""
    row = await tx.connection.fetchrow(LOCKED_TRANSFER, tx.business, identifier)
    if not row:
        raise NotFound("not_found", id=str(identifier))
    return read(row, await tx.connection.fetch(LINES, tx.business, identifier))


def read(row: asyncpg.Record, lines: Iterable[Any]) -> Transfer:
    """Returns the transfer of a row and of the rows of its lines."""
    business, identifier, origin, destination, reference, status, created_at, closed_at = row
    found = tuple(Line(*line) for line in lines)
    return Transfer(business, identifier, origin, destination, reference, Status(status), created_at, closed_at, found)


def save(tx: Tx, transfer: Transfer) -> None:
    """Writes a locked transfer."""
    tx.later(SAVE_TRANSFER, transfer.business, transfer.id, transfer.status, transfer.closed_at)
    received = [(n, line.qty_received) for n, line in enumerate(transfer.lines)]
    tx.later(SAVE_LINES, transfer.business, transfer.id, *columns(received))
