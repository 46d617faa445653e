"""How orders stand in the ERP."""

from comanda.erp.v1 import orders_pb2 as pb
from erp_bridge import messages
from erp_bridge.domain.export import State
from erp_bridge.store import effects
from erp_bridge.store import orders as store
from erp_bridge.store.orders import COLUMNS, ErpOrder
from kit import pages
from kit.db import Tx
from kit.filters import matching


async def order(tx: Tx, ref: str, language: str) -> pb.ErpOrder:
    """Returns one with its effects; raises NotFound."""
    found = await store.by_ref(tx, ref)
    rows = await effects.all_of_subject(tx, found.business_id, f"order/{ref}")
    message = messages.erp_order(found, language)
    message.effects.extend(map(messages.effect, rows))
    return message


async def orders(tx: Tx, request: pb.ListErpOrdersRequest, language: str) -> pb.ListErpOrdersResponse:
    """Returns a page; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("state <> ?", State.UNASKED),
        ("state = any(?::text[])", list(request.state)),
        ("channel_code = any(?::text[])", list(request.channel_code)),
        ("error_code = any(?::text[])", list(request.error_code)),
        ("(invoices <> '[]') = ?", request.invoiced if request.HasField("invoiced") else None),
    )
    rows, token = await pages.newest(tx, request, f"select {COLUMNS} from erp_orders", where, values)
    items = [messages.erp_order(ErpOrder(**row), language) for row in rows]
    total = await pages.total(tx, request, f"select count(*) from erp_orders {where}", values)
    return pb.ListErpOrdersResponse(items=items, next_page_token=token, total=total)
