"""ReservationService: units held for somebody, until they leave, go back, or the time is up."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from comanda.inventory.v1 import reservations_pb2 as pb
from comanda.inventory.v1.reservations_pb2_grpc import ReservationServiceServicer
from inventory.domain.quantity import positive
from inventory.domain.reservation import Reservation
from inventory.domain.reserve import Basket
from inventory.messages import catalogue
from inventory.messages import reservations as messages
from inventory.operations import expiry, reserve
from inventory.operations import reservations as operations
from inventory.operations.replace import replace
from inventory.queries import allocations
from inventory.queries import reservations as queries
from kit import rpc as frame
from kit.db import Database, Tx
from kit.errors import DomainError
from kit.gathering import Asked, Gathering
from kit.rpc import rpc


class ReservationService(ReservationServiceServicer):
    """Serves comanda.inventory.v1.ReservationService."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._reserving = Gathering(database, _reserve, messages.skus)

    async def CreateReservation(self, request: pb.CreateReservationRequest, _: Any) -> pb.CreateReservationResponse:
        """Reserves all lines, or none unless `allow_partial` is set."""
        return await self._reserving.answer(request)

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
        return pb.CommitReservationResponse(reservation=messages.reservation(*found))

    @rpc
    async def FulfillReservation(self, tx: Tx, request: pb.FulfillReservationRequest) -> pb.FulfillReservationResponse:
        """Takes a part of the reserved units off the stock; harmless when all have left already."""
        qty = positive(request.qty) if request.qty else None
        found = await operations.fulfil(tx, UUID(request.id), qty)
        return pb.FulfillReservationResponse(reservation=messages.reservation(*found))

    @rpc
    async def ExtendReservation(self, tx: Tx, request: pb.ExtendReservationRequest) -> pb.ExtendReservationResponse:
        """Lets a reservation live longer."""
        ttl = timedelta(seconds=request.ttl_seconds) if request.HasField("ttl_seconds") else None
        found = await operations.extend(tx, UUID(request.id), ttl)
        return pb.ExtendReservationResponse(reservation=messages.reservation(found))

    async def ReplaceReservations(
        self, request: pb.ReplaceReservationsRequest, _: Any
    ) -> pb.ReplaceReservationsResponse:
        """Lets an owner hold what the lines say, in place of what he holds."""
        return await frame.write(self, _replace, request)

    @rpc
    async def ListAllocations(self, tx: Tx, request: pb.ListAllocationsRequest) -> pb.ListAllocationsResponse:
        """Lists what was decided where several locations could serve, newest first."""
        return await allocations.allocations(tx, request)

    @rpc
    async def ReleaseReservations(
        self, tx: Tx, request: pb.ReleaseReservationsRequest
    ) -> pb.ReleaseReservationsResponse:
        """Gives up all that an owner holds."""
        count = await operations.release_all(tx, messages.owner_type(request.owner_type), request.owner_ref)
        return pb.ReleaseReservationsResponse(released_count=count)

    @rpc
    async def CleanupReservations(
        self, tx: Tx, request: pb.CleanupReservationsRequest
    ) -> pb.CleanupReservationsResponse:
        """Ends reservations whose time is up, or only counts them."""
        return pb.CleanupReservationsResponse(released_count=await expiry.cleanup(tx, request.dry_run))


async def _replace(_: Any, tx: Tx, request: pb.ReplaceReservationsRequest) -> pb.ReplaceReservationsResponse:
    basket = messages.replacement(request, tx.business)
    await tx.begin()
    held, products = await replace(tx, basket, request.with_products)
    return pb.ReplaceReservationsResponse(
        reservations=map(messages.reservation, held), products=map(catalogue.product, products)
    )


Asking = Asked[pb.CreateReservationRequest, pb.CreateReservationResponse]


async def _reserve(tx: Tx, batch: Sequence[Asking]) -> list[pb.CreateReservationResponse | DomainError]:
    baskets = [_basket(asked) for asked in batch]
    made = iter(await reserve.reserve(tx, [each for each in baskets if isinstance(each, Basket)]))
    return [_response(next(made) if isinstance(each, Basket) else each) for each in baskets]


def _basket(asked: Asking) -> Basket | DomainError:
    try:
        return messages.basket(asked.request, asked.business)
    except DomainError as error:
        return error


def _response(made: Sequence[Reservation] | DomainError) -> pb.CreateReservationResponse | DomainError:
    if isinstance(made, DomainError):
        return made
    response = pb.CreateReservationResponse()
    for each in made:  # one by one, which takes a third of the time that the constructor does
        response.reservations.append(messages.reservation(each))
    return response
