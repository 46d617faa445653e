"""RefService."""

from comanda.orders.v1 import refs_pb2 as pb
from comanda.orders.v1 import refs_pb2_grpc
from kit.db import Database, Tx
from kit.rpc import rpc
from orders.domain import ref as domain
from orders.messages import refs as messages
from orders.messages import values
from orders.operations import refs
from orders.queries import refs as queries
from orders.store import refs as store


class RefService(refs_pb2_grpc.RefServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def AttachRef(self, tx: Tx, request: pb.AttachRefRequest) -> pb.AttachRefResponse:
        scope = values.plain(request.scope)
        found, created = await refs.attach_ref(tx, request.type, request.value, scope, messages.place(request))
        return pb.AttachRefResponse(ref=messages.ref(found), created=created)

    @rpc
    async def AttachSequenceRef(self, tx: Tx, request: pb.AttachSequenceRefRequest) -> pb.AttachSequenceRefResponse:
        scope = values.plain(request.scope)
        found = await refs.attach_sequence_ref(tx, request.type, request.sequence, scope, messages.place(request))
        return pb.AttachSequenceRefResponse(ref=messages.ref(found))

    @rpc
    async def ResolveRef(self, tx: Tx, request: pb.ResolveRefRequest) -> pb.ResolveRefResponse:
        found = await refs.resolve_ref(tx, request.type, request.value, values.plain(request.scope))
        return pb.ResolveRefResponse(ref=messages.ref(found))

    @rpc
    async def ListRefs(self, tx: Tx, request: pb.ListRefsRequest) -> pb.ListRefsResponse:
        return await queries.list_refs(tx, request)

    @rpc
    async def DeactivateRefs(self, tx: Tx, request: pb.DeactivateRefsRequest) -> pb.DeactivateRefsResponse:
        count = await refs.deactivate_refs(tx, messages.place(request), request.type)
        return pb.DeactivateRefsResponse(deactivated_count=count)

    @rpc
    async def NextInSequence(self, tx: Tx, request: pb.NextInSequenceRequest) -> pb.NextInSequenceResponse:
        scope = domain.texts(values.plain(request.scope))
        number = await store.next_number(tx, request.name, scope)
        return pb.NextInSequenceResponse(sequence=messages.sequence(request.name, scope, number))

    @rpc
    async def GetSequence(self, tx: Tx, request: pb.GetSequenceRequest) -> pb.GetSequenceResponse:
        scope = domain.texts(values.plain(request.scope))
        number = await store.last_number(tx, request.name, scope)
        return pb.GetSequenceResponse(sequence=messages.sequence(request.name, scope, number))

    @rpc
    async def ResetSequence(self, tx: Tx, request: pb.ResetSequenceRequest) -> pb.ResetSequenceResponse:
        scope = domain.texts(values.plain(request.scope))
        await store.reset(tx, request.name, scope)
        return pb.ResetSequenceResponse(sequence=messages.sequence(request.name, scope, 0))
