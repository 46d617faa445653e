"""Price lists, one and many, and their prices."""

from comanda.inventory.v1 import price_lists_pb2
from inventory.domain.pricing import Price, PriceList
from inventory.messages import pricing as messages
from inventory.store.pricing import PRICE_LIST
from kit import pages
from kit.db import Tx
from kit.errors import NotFound
from kit.filters import matching

ONE_PRICE_LIST = f"select {PRICE_LIST} from price_lists where business_id = $1 and code = $2"


async def price_list(tx: Tx, code: str) -> price_lists_pb2.PriceList:
    """Returns one price list; raises NotFound."""
    if row := await tx.connection.fetchrow(ONE_PRICE_LIST, tx.business, code):
        return messages.price_list(PriceList(*row))
    raise NotFound("not_found", code=code)


async def price_lists(tx: Tx, request: price_lists_pb2.ListPriceListsRequest) -> price_lists_pb2.ListPriceListsResponse:
    """Returns a page of price lists by code; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("is_active = ?", request.is_active if request.HasField("is_active") else None),
    )
    [after], n = pages.key(request.page_token, ""), len(values)
    page = f"select {PRICE_LIST} from price_lists {where} and code > ${n + 1} order by code limit ${n + 2}"
    rows, token = await pages.page(tx, request, page, (*values, after), lambda row: (row["code"],))
    return price_lists_pb2.ListPriceListsResponse(
        items=[messages.price_list(PriceList(*row)) for row in rows], next_page_token=token
    )


async def prices(tx: Tx, request: price_lists_pb2.ListPricesRequest) -> price_lists_pb2.ListPricesResponse:
    """Returns a page of a list's prices by SKU; raises NotFound for the list, Invalid for a bad token."""
    await price_list(tx, request.code)
    where, values = matching(
        ("business_id = ?", tx.business),
        ("price_list = ?", request.code),
        ("sku = any(?::text[])", list(request.sku)),
    )
    [after], n = pages.key(request.page_token, ""), len(values)
    page = f"select sku, price_q from listed_prices {where} and sku > ${n + 1} order by sku limit ${n + 2}"
    rows, token = await pages.page(tx, request, page, (*values, after), lambda row: (row["sku"],))
    return price_lists_pb2.ListPricesResponse(
        items=[messages.listed_price(Price(*row)) for row in rows], next_page_token=token
    )
