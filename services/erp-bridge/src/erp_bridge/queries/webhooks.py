"""Events of the ERP, newest first."""

from comanda.erp.v1 import webhooks_pb2 as pb
from erp_bridge import messages
from erp_bridge.store.webhooks import COLUMNS, Webhook
from kit import pages
from kit.call import current
from kit.db import Tx
from kit.filters import matching


async def webhooks(tx: Tx, request: pb.ListWebhooksRequest) -> pb.ListWebhooksResponse:
    """Returns a page; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("state = any(?::text[])", list(request.state)),
        ("topic = any(?::text[])", list(request.topic)),
    )
    rows, token = await pages.newest(tx, request, f"select {COLUMNS} from omie_webhooks", where, values)
    items = [messages.webhook(Webhook(**row), current.get().language) for row in rows]
    total = await pages.total(tx, request, f"select count(*) from omie_webhooks {where}", values)
    return pb.ListWebhooksResponse(items=items, next_page_token=token, total=total)
