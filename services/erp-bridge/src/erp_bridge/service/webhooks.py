"""WebhookService."""

import hmac

from google.protobuf.json_format import MessageToDict
from pydantic import SecretStr

from comanda.erp.v1 import webhooks_pb2 as pb
from comanda.erp.v1 import webhooks_pb2_grpc
from erp_bridge import messages
from erp_bridge.queries import webhooks as lists
from erp_bridge.settings import OmieSettings
from erp_bridge.store import accounts, webhooks
from erp_bridge.work.accounts import Accounts
from kit.call import current
from kit.db import Database, Tx
from kit.errors import Forbidden, NotFound
from kit.identity import NO_BUSINESS
from kit.rpc import rpc
from kit.status import integral


class WebhookService(webhooks_pb2_grpc.WebhookServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, settings: OmieSettings, accounts: Accounts) -> None:
        self.database = database
        self._settings = settings
        self._accounts = accounts

    @rpc
    async def ReceiveWebhook(self, tx: Tx, request: pb.ReceiveWebhookRequest) -> pb.ReceiveWebhookResponse:
        known = [each.settings for each in self._accounts if _is(each.settings.webhook_secret, request.secret)]
        if not known:
            # As any path that does not exist: who tries secrets out learns nothing.
            raise NotFound("not_found")
        payload = MessageToDict(request.payload)
        if "ping" in payload:
            return pb.ReceiveWebhookResponse(accepted=True)
        key = str(integral(payload.pop("appKey", "")))
        account = next((each.account for each in known if _is(each.app_key, key)), None)
        if account is None:
            raise Forbidden("webhook_of_another_account")
        await webhooks.keep(tx, await accounts.owner(tx, account) or NO_BUSINESS, account, payload)
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
        if request.account and request.account not in self._settings.accounts:
            raise NotFound("not_found", account=request.account)
        account, configured = self._settings.named(request.account).account, self._accounts.names
        return pb.BindAccountResponse(bound=account in configured and await accounts.bind(tx, account, configured))


def _is(secret: SecretStr, given: str) -> bool:
    """Tells, in a time that gives nothing away, whether somebody knows a secret; an empty one nobody does."""
    expected = secret.get_secret_value()
    return bool(expected) and hmac.compare_digest(expected.encode(), given.encode())
