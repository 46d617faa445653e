"""Products and locations, one and many."""

from collections.abc import Sequence

from comanda.inventory.v1 import locations_pb2, products_pb2
from inventory.domain.product import Location, Product
from inventory.messages import catalogue as messages
from inventory.queries.filters import matching
from inventory.store.catalogue import LOCATION, PRODUCT
from kit import pages
from kit.db import Tx
from kit.errors import NotFound

ONE_PRODUCT = f"select {PRODUCT} from products where business_id = $1 and sku = $2"
KNOWN_PRODUCTS = f"select {PRODUCT} from products where business_id = $1 and sku = any($2::text[]) order by sku"
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
        ("(sku ilike ? or name ilike ?)", _containing(request.search)),
    )
    [after], size = pages.key(request.page_token, ""), request.page_size or pages.SIZE
    n = len(values)
    page = f"select {PRODUCT} from products {where} and sku > ${n + 1} order by sku limit ${n + 2}"
    rows, token = pages.cut(await tx.connection.fetch(page, *values, after, size + 1), size, lambda row: (row["sku"],))
    found = products_pb2.ListProductsResponse(
        items=[messages.product(Product(*row)) for row in rows], next_page_token=token
    )
    if request.include_total:
        found.total = await tx.connection.fetchval(f"select count(*) from products {where}", *values)
    return found


async def known(tx: Tx, skus: Sequence[str]) -> list[products_pb2.Product]:
    """Returns those of the SKUs that are known, by SKU."""
    rows = await tx.connection.fetch(KNOWN_PRODUCTS, tx.business, list(skus)) if skus else []
    return [messages.product(Product(*row)) for row in rows]


def _containing(text: str) -> str:
    """Returns the pattern of texts that contain a text; empty for the empty one."""
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%" if text else ""


async def location(tx: Tx, code: str) -> locations_pb2.Location:
    """Returns one location; raises NotFound."""
    if row := await tx.connection.fetchrow(ONE_LOCATION, tx.business, code):
        return messages.location(Location(*row))
    raise NotFound("not_found", code=code)


async def locations(tx: Tx, request: locations_pb2.ListLocationsRequest) -> locations_pb2.ListLocationsResponse:
    """Returns a page of locations by priority and code; raises Invalid for a bad token."""
    active = request.is_active if request.HasField("is_active") else None
    after, size = pages.key(request.page_token, -1, ""), request.page_size or pages.SIZE
    rows, token = pages.cut(
        await tx.connection.fetch(LOCATIONS, tx.business, active, *after, size + 1),
        size,
        lambda row: (row["priority"], row["code"]),
    )
    return locations_pb2.ListLocationsResponse(
        items=[messages.location(Location(*row)) for row in rows], next_page_token=token
    )
