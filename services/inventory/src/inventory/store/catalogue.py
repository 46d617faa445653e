"""Products and locations, loaded and saved."""

from collections.abc import Collection, Sequence
from uuid import UUID

from inventory.domain.product import Location, Product
from inventory.domain.stock import Sku
from inventory.store.columns import columns
from kit.db import Tx
from kit.errors import NotFound

PRODUCT = ", ".join(Product._fields)
LOCATION = ", ".join(Location._fields)

NEW_PRODUCT = f"""
    insert into products (business_id, {PRODUCT})
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    on conflict do nothing
    returning true
"""
LOCKED_PRODUCT = f"select {PRODUCT} from products where business_id = $1 and sku = $2 for no key update"
SAVE_PRODUCT = """
    update products
    set name = $3, unit = $4, step = $5, barcode = $6, retail_price_q = $7, wholesale_price_q = $8, cost_q = $9,
        is_active = $10, updated_at = $11, allocation = $12
    where business_id = $1 and sku = $2
"""
PRODUCTS = f"""
    select business_id, {PRODUCT}
    from products join unnest($1::uuid[], $2::text[]) as wanted (business_id, sku) using (business_id, sku)
"""
NEW_LOCATIONS = f"""
    insert into locations (business_id, {LOCATION})
    select * from unnest(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::boolean[], $7::timestamptz[], $8::timestamptz[],
        $9::numeric[]
    )
    on conflict do nothing
    returning code
"""
LOCKED_LOCATION = f"select {LOCATION} from locations where business_id = $1 and code = $2 for no key update"
SAVE_LOCATION = """
    update locations set name = $3, priority = $4, is_active = $5, updated_at = $6, safety_stock = $7
    where business_id = $1 and code = $2
"""
NAMED_LOCATIONS = f"""
    select business_id, {LOCATION}
    from locations join unnest($1::uuid[], $2::text[]) as wanted (business_id, code) using (business_id, code)
"""
LOCATIONS = f"select {LOCATION} from locations where business_id = $1 and code = any($2::text[])"


async def add_product(tx: Tx, product: Product) -> bool:
    """Adds a product; False when its SKU exists."""
    return bool(await tx.connection.fetchval(NEW_PRODUCT, tx.business, *product))


async def lock_product(tx: Tx, sku: str) -> Product:
    """Locks a product; raises NotFound."""
    if row := await tx.connection.fetchrow(LOCKED_PRODUCT, tx.business, sku):
        return Product(*row)
    raise NotFound("not_found", sku=sku)


def save_product(tx: Tx, product: Product) -> None:
    """Writes a locked product."""
    tx.later(SAVE_PRODUCT, tx.business, *product[:9], *product[10:])


async def products(tx: Tx, skus: Collection[Sku]) -> dict[Sku, Product]:
    """Returns those of the SKUs that are known."""
    if not skus:
        return {}
    rows = await tx.connection.fetch(PRODUCTS, *columns(skus))
    return {Sku(business, product[0]): Product(*product) for business, *product in rows}


async def add_locations(tx: Tx, locations: Sequence[tuple[UUID, Location]]) -> int:
    """Adds locations, each with its business; returns how many did not exist."""
    return len(await tx.connection.fetch(NEW_LOCATIONS, *columns((business, *each) for business, each in locations)))


async def lock_location(tx: Tx, code: str) -> Location:
    """Locks a location; raises NotFound."""
    if row := await tx.connection.fetchrow(LOCKED_LOCATION, tx.business, code):
        return Location(*row)
    raise NotFound("not_found", code=code)


def save_location(tx: Tx, location: Location) -> None:
    """Writes a locked location."""
    tx.later(SAVE_LOCATION, tx.business, *location[:2], *location[3:5], *location[6:])


async def locations(tx: Tx, codes: Collection[str]) -> dict[str, Location]:
    """Returns those of the caller's locations that are known, by code."""
    rows = await tx.connection.fetch(LOCATIONS, tx.business, list(codes))
    return {row["code"]: Location(*row) for row in rows}


async def named_locations(tx: Tx, wanted: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], Location]:
    """Returns those of the locations, given as business and code, that are known."""
    if not wanted:
        return {}
    rows = await tx.connection.fetch(NAMED_LOCATIONS, *columns(wanted))
    return {(business, location[0]): Location(*location) for business, *location in rows}
