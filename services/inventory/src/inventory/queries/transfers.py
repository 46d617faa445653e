"""Transfers, one and many."""

from uuid import UUID

from comanda.inventory.v1 import transfers_pb2
from inventory.messages import transfers as messages
from inventory.messages.values import short
from inventory.store.transfers import LINE, LINES, TRANSFER, read
from kit import pages
from kit.db import Tx
from kit.errors import NotFound
from kit.filters import matching

ONE_TRANSFER = f"select {TRANSFER} from transfers where business_id = $1 and id = $2"
LINES_OF_MANY = f"""
    select transfer_id, {LINE} from transfer_lines
    where business_id = $1 and transfer_id = any($2::uuid[])
    order by transfer_id, n
"""


async def transfer(tx: Tx, identifier: UUID) -> transfers_pb2.Transfer:
    """Returns one transfer; raises NotFound."""
    if row := await tx.connection.fetchrow(ONE_TRANSFER, tx.business, identifier):
        return messages.transfer(read(row, await tx.connection.fetch(LINES, tx.business, identifier)))
    raise NotFound("not_found", id=str(identifier))


async def transfers(tx: Tx, request: transfers_pb2.ListTransfersRequest) -> transfers_pb2.ListTransfersResponse:
    """Returns a page of transfers, newest first; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("status = any(?::text[])", [short(transfers_pb2.TransferStatus, each) for each in request.status]),
        ("from_location = ?", getattr(request, "from")),
        ("to_location = ?", request.to),
    )
    rows, token = await pages.newest(tx, request, f"select {TRANSFER} from transfers", where, values)
    lines: dict[UUID, list[tuple[object, ...]]] = {row["id"]: [] for row in rows}
    for identifier, *line in await tx.connection.fetch(LINES_OF_MANY, tx.business, list(lines)):
        lines[identifier].append(tuple(line))
    return transfers_pb2.ListTransfersResponse(
        items=[messages.transfer(read(row, lines[row["id"]])) for row in rows], next_page_token=token
    )
