"""ProductService and LocationService."""

from typing import Any

import pytest

from comanda.inventory.events.v1.events_pb2 import ProductCreated, ProductUpdated
from comanda.inventory.v1 import locations_pb2, products_pb2
from comanda.sales.events.v1.events_pb2 import StorefrontCreated
from comanda.types.v1 import options_pb2
from comanda.types.v1.messaging_pb2 import Envelope
from inventory.handlers import open_storefronts
from kit.errors import Duplicate, Forbidden, Invalid, NotFound


async def create(api: Any, sku: str, **fields: Any) -> products_pb2.Product:
    """Creates a product by RPC."""
    return (await api.call(api.products.CreateProduct, products_pb2.CreateProductRequest(sku=sku, **fields))).product


async def test_a_product_is_created_with_what_is_usual(api: Any) -> None:
    made = await create(api, "coffee", name="Coffee")
    assert (made.unit, made.step, made.is_active, made.prices.cost_q) == ("un", "0.001", True, 0)
    read = await api.call(api.products.GetProduct, products_pb2.GetProductRequest(sku="coffee"))
    assert read.product == made
    [row] = await api.shop.rows("select message, aggregate from outbox")
    assert row["aggregate"] == "product/coffee"
    told = ProductCreated.FromString(Envelope.FromString(row["message"]).payload)
    assert (told.sku, told.name, told.is_active) == ("coffee", "Coffee", True)


async def test_a_sku_is_taken_once_a_business(api: Any) -> None:
    await create(api, "coffee")
    with pytest.raises(Duplicate, match="duplicate_sku"):
        await create(api, "coffee")
    other = await api.shop.neighbour()
    api.shop = other
    await create(api, "coffee")


async def test_the_same_request_id_creates_one_product(api: Any) -> None:
    first = await create(api, "coffee", request_id="r1")
    assert await create(api, "coffee", request_id="r1") == first


async def test_a_step_of_nothing_is_refused(api: Any) -> None:
    with pytest.raises(Invalid, match="invalid_step"):
        await create(api, "coffee", step="0")


async def test_an_update_changes_what_is_given_and_nothing_else(api: Any) -> None:
    prices = products_pb2.Prices(retail_price_q=500, cost_q=200)
    made = await create(api, "coffee", name="Coffee", barcode="789", prices=prices, step="0.5")
    request = products_pb2.UpdateProductRequest(sku="coffee", name="Café", is_active=False)
    changed = (await api.call(api.products.UpdateProduct, request)).product
    assert (changed.name, changed.is_active, changed.step, changed.prices) == ("Café", False, "0.500", prices)
    assert changed.updated_at.ToNanoseconds() > made.updated_at.ToNanoseconds()
    request = products_pb2.UpdateProductRequest(
        sku="coffee", unit="kg", step="1", barcode="", prices=products_pb2.Prices(cost_q=1)
    )
    changed = (await api.call(api.products.UpdateProduct, request)).product
    assert (changed.name, changed.unit, changed.step, changed.barcode) == ("Café", "kg", "1.000", "")
    assert changed.prices == products_pb2.Prices(cost_q=1)
    rows = await api.shop.rows("select message from outbox where subject like '%ProductUpdated%' order by position")
    event = ProductUpdated.FromString(Envelope.FromString(rows[0]["message"]).payload)
    assert (event.sku, event.name, event.is_active) == ("coffee", "Café", False)


async def test_what_does_not_exist_is_not_found(api: Any) -> None:
    with pytest.raises(NotFound):
        await api.call(api.products.GetProduct, products_pb2.GetProductRequest(sku="ghost"))
    with pytest.raises(NotFound):
        await api.call(api.products.UpdateProduct, products_pb2.UpdateProductRequest(sku="ghost", name="x"))
    with pytest.raises(NotFound):
        await api.call(api.locations.GetLocation, locations_pb2.GetLocationRequest(code="ghost"))
    with pytest.raises(NotFound):
        await api.call(api.locations.UpdateLocation, locations_pb2.UpdateLocationRequest(code="ghost", name="x"))


async def test_a_product_of_another_business_is_not_found(api: Any) -> None:
    await create(api, "coffee")
    api.shop = await api.shop.neighbour()
    with pytest.raises(NotFound):
        await api.call(api.products.GetProduct, products_pb2.GetProductRequest(sku="coffee"))


async def listed(api: Any, **fields: Any) -> tuple[list[str], str, int | None]:
    """SKUs of a page, the next token, and the total where it was asked for."""
    page = await api.call(api.products.ListProducts, products_pb2.ListProductsRequest(**fields))
    return [each.sku for each in page.items], page.next_page_token, page.total if page.HasField("total") else None


async def test_products_are_listed_by_sku_page_by_page(api: Any) -> None:
    for sku in ("b", "a", "C", "ä", "d"):
        await create(api, sku)
    first, token, total = await listed(api, page_size=2, include_total=True)
    second, token, _ = await listed(api, page_size=2, page_token=token)
    third, token, _ = await listed(api, page_size=2, page_token=token)
    assert (first, second, third, token, total) == (["C", "a"], ["b", "d"], ["ä"], "", 5)


async def test_products_are_found_by_sku_bar_code_text_and_state(api: Any) -> None:
    await create(api, "coffee", name="Café 100%", barcode="789")
    await create(api, "tea", name="Chá", is_active=False)
    assert (await listed(api, sku=["tea", "ghost"]))[0] == ["tea"]
    assert (await listed(api, barcode="789"))[0] == ["coffee"]
    assert (await listed(api, search="CAF"))[0] == ["coffee"]
    assert (await listed(api, search="0%"))[0] == ["coffee"]
    assert (await listed(api, search="%e"))[0] == []
    assert (await listed(api, is_active=False))[0] == ["tea"]


async def test_a_page_token_of_somebody_else_is_refused(api: Any) -> None:
    for token in ("garbage", "W10", "WzFd", "WyJhIiwiYiJd"):
        with pytest.raises(Invalid, match="invalid_page_token"):
            await listed(api, page_token=token)


async def test_locations_live_and_are_listed_by_priority(api: Any) -> None:
    request = locations_pb2.CreateLocationRequest(code="annex", type=locations_pb2.LOCATION_TYPE_STOREFRONT)
    made = (await api.call(api.locations.CreateLocation, request)).location
    assert (made.type, made.priority, made.is_active) == (locations_pb2.LOCATION_TYPE_STOREFRONT, 0, True)
    with pytest.raises(Duplicate, match="duplicate_location"):
        await api.call(api.locations.CreateLocation, request)
    request = locations_pb2.UpdateLocationRequest(code="main", name="Head", priority=5, is_active=False)
    changed = (await api.call(api.locations.UpdateLocation, request)).location
    assert (changed.name, changed.priority, changed.is_active) == ("Head", 5, False)
    assert changed.type == locations_pb2.LOCATION_TYPE_WAREHOUSE
    first = await api.call(api.locations.ListLocations, locations_pb2.ListLocationsRequest(page_size=2))
    rest = await api.call(
        api.locations.ListLocations, locations_pb2.ListLocationsRequest(page_token=first.next_page_token)
    )
    assert [each.code for each in [*first.items, *rest.items]] == ["annex", "spare", "main"]
    active = await api.call(api.locations.ListLocations, locations_pb2.ListLocationsRequest(is_active=True))
    assert [each.code for each in active.items] == ["annex", "spare"]
    read = await api.call(api.locations.GetLocation, locations_pb2.GetLocationRequest(code="main"))
    assert read.location == changed


async def test_a_storefront_brings_its_location_once(api: Any) -> None:
    shop = api.shop
    batch = [shop.arrived(StorefrontCreated(code="front", name="Front")) for _ in range(2)]
    await shop.database.run(
        lambda tx, _: open_storefronts.handle(tx, [*batch, shop.arrived(StorefrontCreated(code="main"))])
    )
    read = await api.call(api.locations.GetLocation, locations_pb2.GetLocationRequest(code="front"))
    assert (read.location.name, read.location.type) == ("Front", locations_pb2.LOCATION_TYPE_STOREFRONT)
    main = await api.call(api.locations.GetLocation, locations_pb2.GetLocationRequest(code="main"))
    assert (main.location.name, main.location.type) == ("Main", locations_pb2.LOCATION_TYPE_WAREHOUSE)


async def test_staff_may_look_but_not_change(api: Any) -> None:
    await create(api, "coffee")
    role = options_pb2.ROLE_STAFF
    await api.call(api.products.GetProduct, products_pb2.GetProductRequest(sku="coffee"), role)
    with pytest.raises(Forbidden):
        await api.call(api.products.CreateProduct, products_pb2.CreateProductRequest(sku="x"), role)
