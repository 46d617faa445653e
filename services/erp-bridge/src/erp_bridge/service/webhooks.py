"""WebhookService."""

import hmac

from google.protobuf.json_format import MessageToDict

from comanda.erp.v1 import webhooks_pb2 as pb
from comanda.erp.v1 import webhooks_pb2_grpc
from erp_bridge import messages
from erp_bridge.queries import webhooks as lists
from erp_bridge.settings import OmieSettings
from erp_bridge.store import webhooks
from kit.call import current
from kit.db import Database, Tx
from kit.errors import Forbidden, NotFound
from kit.identity import NO_BUSINESS
from kit.rpc import rpc


class WebhookService(webhooks_pb2_grpc.WebhookServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, settings: OmieSettings) -> None:
        self.database = database
        self._settings = settings

    @rpc
    async def ReceiveWebhook(self, tx: Tx, request: pb.ReceiveWebhookRequest) -> pb.ReceiveWebhookResponse:
        secret = self._settings.webhook_secret.get_secret_value()
        if not secret or not hmac.compare_digest(secret.encode(), request.secret.encode()):
            # As any path that does not exist: who tries secrets out learns nothing.
            raise NotFound("not_found")
        payload = MessageToDict(request.payload)
        if "ping" in payload:
            return pb.ReceiveWebhookResponse(accepted=True)
        key = self._settings.app_key.get_secret_value()
        if not hmac.compare_digest(key.encode(), str(payload.get("appKey") or "").encode()):
            raise Forbidden("webhook_of_another_account")
        business = await webhooks.owner(tx, self._settings.account) or NO_BUSINESS
        await webhooks.keep(tx, business, {name: value for name, value in payload.items() if name != "appKey"})
        return pb.ReceiveWebhookResponse(accepted=True)

    @rpc
    async def ListWebhooks(self, tx: Tx, request: pb.ListWebhooksRequest) -> pb.ListWebhooksResponse:
        return await lists.webhooks(tx, request)

    @rpc
    async def RetryWebhook(self, tx: Tx, request: pb.RetryWebhookRequest) -> pb.RetryWebhookResponse:
        if (found := await webhooks.retry(tx, request.message_id)) is None:
            raise NotFound("not_found", message_id=request.message_id)
        return pb.RetryWebhookResponse(webhook=messages.webhook(found, current.get().language))

    @rpc
    async def BindAccount(self, tx: Tx, request: pb.BindAccountRequest) -> pb.BindAccountResponse:
        return pb.BindAccountResponse(bound=await webhooks.bind(tx, self._settings.account))
