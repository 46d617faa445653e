"""Orders are asked for here, and followed; the work itself is done outside of any transaction (erp_bridge.work)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from google.protobuf.json_format import MessageToDict

from comanda.erp.directives.v1 import directives_pb2
from comanda.orders.events.v1 import events_pb2
from erp_bridge.store import orders
from kit.db import Tx
from kit.merge_patch import merged
from kit.status import integral


async def ask(tx: Tx, asked: Sequence[tuple[UUID, directives_pb2.ExportOrder]]) -> None:
    """Opens the record of each order, or lets it be taken up again; of several for one order the latest counts."""
    newest = {
        (business, message.order_ref): message
        for business, message in sorted(asked, key=lambda each: each[1].order.last_seq)
    }
    if newest:
        await orders.ask(tx, [_row(business, message) for (business, _), message in newest.items()])


def _row(business: UUID, message: directives_pb2.ExportOrder) -> dict[str, Any]:
    content = integral(
        MessageToDict(message.order, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    )
    named = {"business_id": str(business), "ref": message.order_ref, "channel_code": message.channel_code}
    return {**named, "content": content, "status": message.order.status, "seq": message.order.last_seq}


async def follow(tx: Tx, told: Sequence[tuple[UUID, events_pb2.OrderStatusChanged]]) -> None:
    """Notes the latest status of each order."""
    newest = {
        (business, event.ref): (business, event.ref, event.channel_code, event.status, event.seq)
        for business, event in sorted(told, key=lambda each: each[1].seq)
    }
    if newest:
        await orders.follow(tx, list(newest.values()))


async def follow_data(tx: Tx, told: Sequence[tuple[UUID, events_pb2.OrderEventRecorded]]) -> None:
    """Changes the data of orders that are not booked yet."""
    if not told:
        return
    contents = await orders.lock_unbooked(tx, sorted({(business, event.ref) for business, event in told}))
    changed: dict[tuple[UUID, str], Any] = {}
    for business, event in sorted(told, key=lambda each: each[1].seq):
        content = contents.get((business, event.ref))
        if content and event.seq > int(content["last_seq"]):
            before = changed.get((business, event.ref), content.get("data") or {})
            changed[business, event.ref] = merged(before, integral(MessageToDict(event.payload)).get("patch") or {})
    rows = [{"business_id": str(business), "ref": ref, "data": data} for (business, ref), data in changed.items()]
    await orders.set_data(tx, rows)
