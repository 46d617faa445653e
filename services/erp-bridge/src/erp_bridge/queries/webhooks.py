"""Events of the ERP, newest first."""

from comanda.erp.v1 import webhooks_pb2 as pb
from erp_bridge import messages
from erp_bridge.queries.filters import matching
from erp_bridge.store.webhooks import COLUMNS, Webhook
from kit import pages
from kit.call import current
from kit.db import Tx


async def webhooks(tx: Tx, request: pb.ListWebhooksRequest) -> pb.ListWebhooksResponse:
    """Returns a page; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("state = any(?::text[])", list(request.state)),
        ("topic = any(?::text[])", list(request.topic)),
    )
    size, n = request.page_size or pages.SIZE, len(values)
    page = f"select {COLUMNS} from omie_webhooks {where} and id < ${n + 1} order by id desc limit ${n + 2}"
    rows = await tx.connection.fetch(page, *values, pages.before(request.page_token), size + 1)
    shown, following = pages.cut(rows, size, lambda row: (str(row["id"]),))
    response = pb.ListWebhooksResponse(
        items=[messages.webhook(Webhook(**row), current.get().language) for row in shown], next_page_token=following
    )
    if request.include_total:
        response.total = await tx.connection.fetchval(f"select count(*) from omie_webhooks {where}", *values)
    return response
