"""MarketplaceService."""

from comanda.orders.v1 import marketplaces_pb2 as pb
from comanda.orders.v1 import marketplaces_pb2_grpc
from kit.db import Database, Tx
from kit.errors import NotFound
from kit.rpc import rpc
from orders.domain.marketplace import Marketplace
from orders.operations import marketplaces
from orders.queries import marketplaces as queries
from orders.store import marketplaces as store


class MarketplaceService(marketplaces_pb2_grpc.MarketplaceServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def PutMarketplace(self, tx: Tx, request: pb.PutMarketplaceRequest) -> pb.PutMarketplaceResponse:
        secret = request.secret if request.HasField("secret") else None
        active = request.is_active if request.HasField("is_active") else None
        asked = (request.channel_code, request.kind, secret, request.status_map, active)
        found, shown = await marketplaces.put_marketplace(tx, *asked)
        return pb.PutMarketplaceResponse(marketplace=_message(found, found.secret if shown else ""))

    @rpc
    async def GetMarketplace(self, tx: Tx, request: pb.GetMarketplaceRequest) -> pb.GetMarketplaceResponse:
        found = await store.marketplace(tx, request.channel_code)
        if found is None:
            raise NotFound("not_found", channel_code=request.channel_code)
        return pb.GetMarketplaceResponse(marketplace=_message(found))

    @rpc
    async def ReceiveMarketplaceEvents(
        self, tx: Tx, request: pb.ReceiveMarketplaceEventsRequest
    ) -> pb.ReceiveMarketplaceEventsResponse:
        accepted, duplicates = await marketplaces.receive(tx, request.hook, request.signature, request.body.data)
        return pb.ReceiveMarketplaceEventsResponse(accepted=accepted, duplicates=duplicates)

    @rpc
    async def ListMarketplaceEvents(
        self, tx: Tx, request: pb.ListMarketplaceEventsRequest
    ) -> pb.ListMarketplaceEventsResponse:
        return await queries.list_events(tx, request)

    @rpc
    async def RetryMarketplaceEvent(
        self, tx: Tx, request: pb.RetryMarketplaceEventRequest
    ) -> pb.RetryMarketplaceEventResponse:
        row = await marketplaces.retry_event(tx, request.channel_code, request.event_id)
        return pb.RetryMarketplaceEventResponse(event=queries.event(row))


def _message(found: Marketplace, secret: str = "") -> pb.Marketplace:
    return pb.Marketplace(
        channel_code=found.channel_code,
        kind=found.kind,
        hook=found.hook,
        secret=secret,
        status_map=found.status_map,
        is_active=found.is_active,
        created_at=found.created_at,  # type: ignore[arg-type]  # protobuf takes datetimes, too
        updated_at=found.updated_at,  # type: ignore[arg-type]  # a message takes a datetime, too
    )
