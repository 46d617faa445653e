"""WebhookService."""

from typing import Any
from uuid import UUID

from comanda.orders.v1 import webhooks_pb2 as pb
from comanda.orders.v1 import webhooks_pb2_grpc
from kit import rpc as frame
from kit.db import Database, Tx
from kit.errors import Invalid, NotFound
from kit.rpc import rpc
from orders.operations import webhooks
from orders.outbound import addresses
from orders.queries import webhooks as queries
from orders.store import webhooks as store


class WebhookService(webhooks_pb2_grpc.WebhookServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, *, allow_private: bool) -> None:
        self.database = database
        self._allow_private = allow_private

    async def CreateWebhookEndpoint(
        self, request: pb.CreateWebhookEndpointRequest, _: Any
    ) -> pb.CreateWebhookEndpointResponse:
        await self._check(request.url)
        return await frame.answer(self, _create, request)

    @rpc
    async def ListWebhookEndpoints(
        self, tx: Tx, request: pb.ListWebhookEndpointsRequest
    ) -> pb.ListWebhookEndpointsResponse:
        return await queries.list_endpoints(tx, request)

    @rpc
    async def GetWebhookEndpoint(self, tx: Tx, request: pb.GetWebhookEndpointRequest) -> pb.GetWebhookEndpointResponse:
        found = await store.endpoint(tx, UUID(request.id))
        if found is None:
            raise NotFound("not_found", id=request.id)
        return pb.GetWebhookEndpointResponse(endpoint=queries.endpoint(found))

    async def UpdateWebhookEndpoint(
        self, request: pb.UpdateWebhookEndpointRequest, _: Any
    ) -> pb.UpdateWebhookEndpointResponse:
        if request.HasField("url"):
            await self._check(request.url)
        return await frame.answer(self, _update, request)

    @rpc
    async def DeleteWebhookEndpoint(
        self, tx: Tx, request: pb.DeleteWebhookEndpointRequest
    ) -> pb.DeleteWebhookEndpointResponse:
        removed = await webhooks.delete_endpoint(tx, request.id)
        return pb.DeleteWebhookEndpointResponse(endpoint=queries.endpoint(removed))

    @rpc
    async def RotateWebhookSecret(
        self, tx: Tx, request: pb.RotateWebhookSecretRequest
    ) -> pb.RotateWebhookSecretResponse:
        return pb.RotateWebhookSecretResponse(endpoint=queries.endpoint(*await webhooks.rotate_secret(tx, request.id)))

    @rpc
    async def ListDeliveries(self, tx: Tx, request: pb.ListDeliveriesRequest) -> pb.ListDeliveriesResponse:
        return await queries.list_deliveries(tx, request)

    @rpc
    async def GetDelivery(self, tx: Tx, request: pb.GetDeliveryRequest) -> pb.GetDeliveryResponse:
        return pb.GetDeliveryResponse(delivery=await queries.delivery(tx, request.id))

    @rpc
    async def RedeliverDelivery(self, tx: Tx, request: pb.RedeliverDeliveryRequest) -> pb.RedeliverDeliveryResponse:
        await webhooks.redeliver(tx, UUID(request.id))
        return pb.RedeliverDeliveryResponse(delivery=await queries.delivery(tx, request.id))

    async def _check(self, url: str) -> None:
        """Looks, outside any transaction, where an address leads. One that cannot be found now may be found later."""
        try:
            await addresses.place(addresses.parsed(url), allow_private=self._allow_private)
        except ValueError as error:
            raise Invalid("invalid_url", url=url[:200], reason=str(error), field="url") from error
        except addresses.Private as error:
            raise Invalid("private_address", url=url[:200], field="url") from error
        except addresses.Blocked:
            return


async def _create(_: Any, tx: Tx, request: pb.CreateWebhookEndpointRequest) -> pb.CreateWebhookEndpointResponse:
    made = await webhooks.create_endpoint(tx, request.url, request.topics, request.description)
    return pb.CreateWebhookEndpointResponse(endpoint=queries.endpoint(*made))


async def _update(_: Any, tx: Tx, request: pb.UpdateWebhookEndpointRequest) -> pb.UpdateWebhookEndpointResponse:
    fields: dict[str, Any] = {
        name: getattr(request, name) for name in ("url", "description", "is_active") if request.HasField(name)
    }
    if request.topics:
        fields["topics"] = list(request.topics)
    changed = await webhooks.update_endpoint(tx, request.id, fields)
    return pb.UpdateWebhookEndpointResponse(endpoint=queries.endpoint(changed))
