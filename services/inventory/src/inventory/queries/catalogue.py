"""Products and locations, one and many."""

from comanda.inventory.v1 import locations_pb2, products_pb2
from inventory.domain.product import Location, Product
from inventory.messages import catalogue as messages
from inventory.store.catalogue import LOCATION, PRODUCT
from kit import pages
from kit.db import Tx
from kit.errors import NotFound
from kit.filters import containing, matching

ONE_PRODUCT = f"select {PRODUCT} from products where business_id = $1 and sku = $2"
ONE_LOCATION = f"select {LOCATION} from locations where business_id = $1 and code = $2"
LOCATIONS = f"""
    select {LOCATION} from locations
    where business_id = $1 and ($2::boolean is null or is_active = $2) and (priority, code) > ($3::integer, $4::text)
    order by priority, code
    limit $5
"""


async def product(tx: Tx, sku: str) -> products_pb2.Product:
    """Returns one product; raises NotFound."""
    if row := await tx.connection.fetchrow(ONE_PRODUCT, tx.business, sku):
        return messages.product(Product(*row))
    raise NotFound("not_found", sku=sku)


async def products(tx: Tx, request: products_pb2.ListProductsRequest) -> products_pb2.ListProductsResponse:
    """Returns a page of products by SKU; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("sku = any(?::text[])", list(request.sku)),
        ("barcode = ?", request.barcode),
        ("is_active = ?", request.is_active if request.HasField("is_active") else None),
        ("(sku ilike ? or name ilike ?)", containing(request.search)),
    )
    [after], n = pages.key(request.page_token, ""), len(values)
    page = f"select {PRODUCT} from products {where} and sku > ${n + 1} order by sku limit ${n + 2}"
    rows, token = await pages.page(tx, request, page, (*values, after), lambda row: (row["sku"],))
    items = [messages.product(Product(*row)) for row in rows]
    total = await pages.total(tx, request, f"select count(*) from products {where}", values)
    return products_pb2.ListProductsResponse(items=items, next_page_token=token, total=total)


async def location(tx: Tx, code: str) -> locations_pb2.Location:
    """Returns one location; raises NotFound."""
    if row := await tx.connection.fetchrow(ONE_LOCATION, tx.business, code):
        return messages.location(Location(*row))
    raise NotFound("not_found", code=code)


async def locations(tx: Tx, request: locations_pb2.ListLocationsRequest) -> locations_pb2.ListLocationsResponse:
    """Returns a page of locations by priority and code; raises Invalid for a bad token."""
    active = request.is_active if request.HasField("is_active") else None
    where = (tx.business, active, *pages.key(request.page_token, -1, ""))
    rows, token = await pages.page(tx, request, LOCATIONS, where, lambda row: (row["priority"], row["code"]))
    return locations_pb2.ListLocationsResponse(
        items=[messages.location(Location(*row)) for row in rows], next_page_token=token
    )
