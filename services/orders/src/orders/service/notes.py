"""NoteService."""

from uuid import UUID

from comanda.orders.v1 import notes_pb2 as pb
from comanda.orders.v1 import notes_pb2_grpc
from kit.db import Database, Tx
from kit.errors import NotFound
from kit.rpc import rpc
from orders.messages import notes as messages
from orders.operations import notes
from orders.queries import notes as queries
from orders.store import notes as store


class NoteService(notes_pb2_grpc.NoteServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def ListOrderNotes(self, tx: Tx, request: pb.ListOrderNotesRequest) -> pb.ListOrderNotesResponse:
        return await queries.list_notes(tx, request)

    @rpc
    async def AddOrderNote(self, tx: Tx, request: pb.AddOrderNoteRequest) -> pb.AddOrderNoteResponse:
        note = await notes.add_note(
            tx,
            request.ref,
            request.note,
            is_internal=request.is_internal if request.HasField("is_internal") else None,
            notify_customer=request.notify_customer,
            actor_label=request.actor,
        )
        return pb.AddOrderNoteResponse(note=messages.note(note))

    @rpc
    async def GetNote(self, tx: Tx, request: pb.GetNoteRequest) -> pb.GetNoteResponse:
        found = await store.note(tx, UUID(request.id))
        if found is None:
            raise NotFound("not_found", id=request.id)
        return pb.GetNoteResponse(note=messages.note(found))

    @rpc
    async def UpdateNote(self, tx: Tx, request: pb.UpdateNoteRequest) -> pb.UpdateNoteResponse:
        note = await notes.update_note(
            tx,
            request.id,
            request.note if request.HasField("note") else None,
            is_internal=request.is_internal if request.HasField("is_internal") else None,
            notify_customer=request.notify_customer if request.HasField("notify_customer") else None,
            actor_label=request.actor,
        )
        return pb.UpdateNoteResponse(note=messages.note(note))

    @rpc
    async def DeleteNote(self, tx: Tx, request: pb.DeleteNoteRequest) -> pb.DeleteNoteResponse:
        return pb.DeleteNoteResponse(note=messages.note(await notes.delete_note(tx, request.id)))
