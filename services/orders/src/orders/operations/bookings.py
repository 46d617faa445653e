"""What the ERP has done with orders, in their histories."""

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message

from kit.consumer import Received
from kit.db import Tx
from orders.operations import entries
from orders.operations.entries import Told


async def note(tx: Tx, kind: str, batch: Sequence[Received[Any]]) -> None:
    """Adds a kind of entry to the histories of the orders that the events name."""
    await entries.write(tx, [Told(each.business, each.message.order_ref, kind, _entry(each.message)) for each in batch])


def _entry(event: Message) -> dict[str, Any]:
    return {field.name: getattr(event, field.name) for field in event.DESCRIPTOR.fields if field.name != "order_ref"}
