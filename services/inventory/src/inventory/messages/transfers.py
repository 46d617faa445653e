"""Transfers."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

from comanda.inventory.v1 import transfers_pb2
from inventory.domain.quantity import ZERO, positive, printed
from inventory.domain.transfer import Arrival, Line, Status, Transfer
from inventory.messages.values import enum, instant


def transfer(found: Transfer) -> transfers_pb2.Transfer:
    """Returns the message of a transfer."""
    message = transfers_pb2.Transfer(
        id=str(found.id),
        to=found.destination,
        reference=found.reference,
        status=enum(transfers_pb2.TransferStatus, found.status),
        lines=_lines(found.lines),
        created_at=instant(found.created_at),
        closed_at=instant(found.closed_at),
    )
    setattr(message, "from", found.origin)
    return message


def _lines(lines: Sequence[Line]) -> list[transfers_pb2.TransferLine]:
    """Returns one line a SKU, whatever lots its units came from."""
    summed: dict[str, tuple[Decimal, Decimal]] = {}
    for line in lines:
        qty, received = summed.get(line.sku, (ZERO, ZERO))
        summed[line.sku] = (qty + line.qty, received + line.qty_received)
    return [
        transfers_pb2.TransferLine(sku=sku, qty=printed(qty), qty_received=printed(received))
        for sku, (qty, received) in summed.items()
    ]


def new_transfer(
    request: transfers_pb2.CreateTransferRequest | transfers_pb2.TransferStockRequest,
    business: UUID,
    identifier: UUID,
    now: datetime,
) -> Transfer:
    """Returns the transfer that is asked for, one line a SKU; raises Invalid(`invalid_qty`)."""
    wanted: dict[str, Line] = {}
    for sku, qty in arrivals(request.lines):
        wanted[sku] = Line(sku, wanted[sku].qty + qty if sku in wanted else qty)
    origin = getattr(request, "from")
    lines = tuple(wanted.values())
    return Transfer(business, identifier, origin, request.to, request.reference, Status.IN_TRANSIT, now, None, lines)


def arrivals(lines: "RepeatedCompositeFieldContainer[transfers_pb2.TransferUnits]") -> list[Arrival]:
    """Returns SKUs with quantities; raises Invalid(`invalid_qty`)."""
    return [(line.sku, positive(line.qty)) for line in lines]
