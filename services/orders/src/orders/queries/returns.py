"""Lists of returns."""

import asyncpg

from comanda.orders.v1 import returns_pb2 as pb
from kit import pages
from kit.db import Tx
from kit.errors import NotFound
from orders.domain.returns import Return
from orders.store import orders, returns

STATUS = "RETURN_STATUS_"
OF_ORDER = f"""select {returns.COLUMNS}, {returns.ITEMS} from returns r
    where r.business_id = $1 and r.order_ref = $2 and r.number > $3 order by r.number limit $4"""
LIST = f"""select {returns.COLUMNS}, {returns.ITEMS} from returns r
    where r.business_id = $1 and ($2::text[] = '{{}}' or r.status = any($2)) and r.number > $3 order by r.number limit $4"""


async def list_of_order(tx: Tx, asked: pb.ListOrderReturnsRequest) -> pb.ListOrderReturnsResponse:
    """Lists an order's returns, oldest first; raises NotFound for an order that is not there."""
    [after] = pages.key(asked.page_token, "")
    rows, token = await pages.page(tx, asked, OF_ORDER, (tx.business, asked.ref, after), _key)
    if not rows and await orders.order(tx, asked.ref) is None:
        raise NotFound("not_found", ref=asked.ref)
    return pb.ListOrderReturnsResponse(items=[message(returns.return_of(row)) for row in rows], next_page_token=token)


async def list_returns(tx: Tx, asked: pb.ListReturnsRequest) -> pb.ListReturnsResponse:
    """Lists returns, oldest first."""
    [after] = pages.key(asked.page_token, "")
    statuses = [pb.ReturnStatus.Name(number).removeprefix(STATUS).lower() for number in asked.status if number]
    rows, token = await pages.page(tx, asked, LIST, (tx.business, statuses, after), _key)
    return pb.ListReturnsResponse(items=[message(returns.return_of(row)) for row in rows], next_page_token=token)


def message(found: Return) -> pb.Return:
    """Returns a return's message."""
    items = [
        pb.ReturnItem(line_id=item.line_id, qty=str(item.qty), restock=item.restock, sku=item.sku)
        for item in found.items
    ]
    stamps = {name: getattr(found, name) for name in ("created_at", "updated_at", *returns.STAMPS)}
    return pb.Return(
        number=found.number,
        order_ref=found.order_ref,
        status=f"{STATUS}{found.status.upper()}",  # type: ignore[arg-type]  # protobuf takes an enum's name, too
        items=items,
        reason=found.reason,
        amount_q=found.amount_q,
        refund_q=found.refund_q,
        **stamps,
    )


def _key(row: asyncpg.Record) -> tuple[str | int, ...]:
    return (row["number"],)
