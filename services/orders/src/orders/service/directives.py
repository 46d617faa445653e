"""DirectiveService."""

from uuid import UUID

from comanda.orders.v1 import directives_pb2 as pb
from comanda.orders.v1 import directives_pb2_grpc
from kit.db import Database, Tx
from kit.errors import NotFound
from kit.rpc import rpc
from orders.messages import directives as messages
from orders.messages import values
from orders.operations import directives
from orders.queries import lists
from orders.store import directives as store


class DirectiveService(directives_pb2_grpc.DirectiveServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def CreateDirective(self, tx: Tx, request: pb.CreateDirectiveRequest) -> pb.CreateDirectiveResponse:
        due = values.instant(request, "available_at")
        asked = (request.topic, values.plain(request.payload), request.order_ref, due)
        return pb.CreateDirectiveResponse(directive=messages.directive(await directives.create(tx, *asked)))

    @rpc
    async def GetDirective(self, tx: Tx, request: pb.GetDirectiveRequest) -> pb.GetDirectiveResponse:
        found = await store.directive(tx, UUID(request.id))
        if found is None:
            raise NotFound("not_found", id=request.id)
        return pb.GetDirectiveResponse(directive=messages.directive(found))

    @rpc
    async def ListDirectives(self, tx: Tx, request: pb.ListDirectivesRequest) -> pb.ListDirectivesResponse:
        return await lists.list_directives(tx, request)

    @rpc
    async def RetryDirective(self, tx: Tx, request: pb.RetryDirectiveRequest) -> pb.RetryDirectiveResponse:
        return pb.RetryDirectiveResponse(directive=messages.directive(await directives.retry(tx, request.id)))

    @rpc
    async def CancelDirective(self, tx: Tx, request: pb.CancelDirectiveRequest) -> pb.CancelDirectiveResponse:
        return pb.CancelDirectiveResponse(directive=messages.directive(await directives.cancel(tx, request.id)))
