"""ReservationService: units held for somebody, until they leave, go back, or the time is up."""

from uuid import UUID

from comanda.inventory.v1 import reservations_pb2 as pb
from comanda.inventory.v1.reservations_pb2_grpc import ReservationServiceServicer
from inventory.messages import reservations as messages
from inventory.operations import reservations as operations
from inventory.queries import reservations as queries
from kit.db import Database, Tx
from kit.rpc import rpc


class ReservationService(ReservationServiceServicer):
    """Serves comanda.inventory.v1.ReservationService."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def CreateReservation(self, tx: Tx, request: pb.CreateReservationRequest) -> pb.CreateReservationResponse:
        """Reserves all lines, or none unless `allow_partial` is set."""
        owner, wishes = messages.owner(request, tx.business), messages.wishes(request)
        made = await operations.reserve(tx, owner, wishes, messages.ttl(request), partial=request.allow_partial)
        return pb.CreateReservationResponse(reservations=map(messages.reservation, made))

    @rpc
    async def GetReservation(self, tx: Tx, request: pb.GetReservationRequest) -> pb.GetReservationResponse:
        """Reads one reservation."""
        return pb.GetReservationResponse(reservation=await queries.reservation(tx, UUID(request.id)))

    @rpc
    async def ListReservations(self, tx: Tx, request: pb.ListReservationsRequest) -> pb.ListReservationsResponse:
        """Lists reservations, newest first."""
        return await queries.reservations(tx, request)

    @rpc
    async def ReleaseReservation(self, tx: Tx, request: pb.ReleaseReservationRequest) -> pb.ReleaseReservationResponse:
        """Gives a reservation up; harmless when it is over already."""
        found = await operations.release(tx, UUID(request.id))
        return pb.ReleaseReservationResponse(reservation=messages.reservation(found))

    @rpc
    async def CommitReservation(self, tx: Tx, request: pb.CommitReservationRequest) -> pb.CommitReservationResponse:
        """Takes the reserved units off the stock; harmless when that is done already."""
        found = await operations.commit(tx, UUID(request.id))
        return pb.CommitReservationResponse(reservation=messages.reservation(found))

    @rpc
    async def ReleaseReservations(
        self, tx: Tx, request: pb.ReleaseReservationsRequest
    ) -> pb.ReleaseReservationsResponse:
        """Gives up all that an owner holds."""
        count = await operations.release_all(tx, messages.owner_type(request.owner_type), request.owner_ref)
        return pb.ReleaseReservationsResponse(released_count=count)
