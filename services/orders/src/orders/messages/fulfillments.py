"""Fulfilments as messages."""

from comanda.orders.v1 import fulfillments_pb2
from orders.domain.fulfillment import Fulfillment
from orders.messages import values

PREFIX = "FULFILLMENT_STATUS_"


def fulfillment_status(number: int) -> str:
    """Returns the short name of a fulfilment's status."""
    name: str = fulfillments_pb2.FulfillmentStatus.Name(number)  # type: ignore[arg-type]  # an open enum
    return name.removeprefix(PREFIX).lower()


def fulfillment(found: Fulfillment) -> fulfillments_pb2.Fulfillment:
    """Returns a fulfilment's message."""
    items = [
        fulfillments_pb2.FulfillmentItem(line_id=each.line_id, qty=str(each.qty), sku=each.sku, name=each.name)
        for each in found.items
    ]
    return fulfillments_pb2.Fulfillment(
        number=found.number,
        order_ref=found.order_ref,
        status=f"{PREFIX}{found.status.upper()}",  # type: ignore[arg-type]  # protobuf takes an enum's name, too
        allowed_transitions=[f"{PREFIX}{status.upper()}" for status in found.next],  # type: ignore[misc]  # as above
        items=items,
        assigned_to=found.assigned_to,
        warehouse_location=found.warehouse_location,
        box_size=found.box_size,
        weight="" if found.weight is None else str(found.weight),
        carrier=found.carrier,
        tracking_number=found.tracking_number,
        tracking_url=found.tracking_url,
        picking_notes=found.picking_notes,
        packing_notes=found.packing_notes,
        created_at=values.time(found.created_at),
        updated_at=values.time(found.updated_at),
        **{name: values.time(value) for name, value in found.stamps.items()},
    )
