"""FulfillmentService."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from comanda.orders.v1 import fulfillments_pb2 as pb
from comanda.orders.v1 import fulfillments_pb2_grpc
from kit.db import Database, Tx
from kit.errors import NotFound
from kit.rpc import rpc
from orders.domain.ops import quantity
from orders.messages import fulfillments as messages
from orders.operations import fulfillments
from orders.queries import fulfillments as queries
from orders.store import fulfillments as store

TRACKING = ("carrier", "tracking_number", "tracking_url")
CHANGEABLE = ("warehouse_location", "box_size", "weight", *TRACKING, "picking_notes", "packing_notes")


class FulfillmentService(fulfillments_pb2_grpc.FulfillmentServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def CreateFulfillment(self, tx: Tx, request: pb.CreateFulfillmentRequest) -> pb.CreateFulfillmentResponse:
        items = [(item.line_id, quantity(item.qty)) for item in request.items]
        fields = {
            "warehouse_location": request.warehouse_location,
            "box_size": request.box_size,
            "weight": _weight(request.weight),
        }
        asked = fulfillments.Beginning(request.ref, items, request.assigned_to, fields)
        made = await fulfillments.begin(tx, asked, request.actor)
        return pb.CreateFulfillmentResponse(fulfillment=messages.fulfillment(made))

    @rpc
    async def ListOrderFulfillments(
        self, tx: Tx, request: pb.ListOrderFulfillmentsRequest
    ) -> pb.ListOrderFulfillmentsResponse:
        return await queries.list_of_order(tx, request)

    @rpc
    async def ListFulfillments(self, tx: Tx, request: pb.ListFulfillmentsRequest) -> pb.ListFulfillmentsResponse:
        return await queries.list_fulfillments(tx, request)

    @rpc
    async def GetFulfillmentStats(
        self, tx: Tx, request: pb.GetFulfillmentStatsRequest
    ) -> pb.GetFulfillmentStatsResponse:
        return pb.GetFulfillmentStatsResponse(stats=await queries.stats(tx))

    @rpc
    async def GetPickList(self, tx: Tx, request: pb.GetPickListRequest) -> pb.GetPickListResponse:
        return pb.GetPickListResponse(pick_list=await queries.pick_list(tx, request))

    @rpc
    async def GetFulfillment(self, tx: Tx, request: pb.GetFulfillmentRequest) -> pb.GetFulfillmentResponse:
        found = await store.fulfillment(tx, request.number)
        if found is None:
            raise NotFound("not_found", number=request.number)
        return pb.GetFulfillmentResponse(fulfillment=messages.fulfillment(found))

    @rpc
    async def UpdateFulfillment(self, tx: Tx, request: pb.UpdateFulfillmentRequest) -> pb.UpdateFulfillmentResponse:
        changed = await fulfillments.update(tx, request.number, _given(request, CHANGEABLE), request.actor)
        return pb.UpdateFulfillmentResponse(fulfillment=messages.fulfillment(changed))

    @rpc
    async def TransitionFulfillment(
        self, tx: Tx, request: pb.TransitionFulfillmentRequest
    ) -> pb.TransitionFulfillmentResponse:
        asked = (request.number, messages.fulfillment_status(request.status), request.notes)
        moved = await fulfillments.transition(tx, *asked, _given(request, TRACKING), request.actor)
        return pb.TransitionFulfillmentResponse(fulfillment=messages.fulfillment(moved))

    @rpc
    async def AssignFulfillment(self, tx: Tx, request: pb.AssignFulfillmentRequest) -> pb.AssignFulfillmentResponse:
        assigned = await fulfillments.assign(tx, request.number, request.assigned_to, request.actor)
        return pb.AssignFulfillmentResponse(fulfillment=messages.fulfillment(assigned))


def _given(request: Any, names: Iterable[str]) -> dict[str, Any]:
    """Returns the fields that the request names, as the domain has them."""
    fields = {name: getattr(request, name) for name in names if request.HasField(name)}
    return fields | ({"weight": _weight(fields["weight"])} if "weight" in fields else {})


def _weight(text: str) -> Decimal | None:
    return quantity(text) if text else None
