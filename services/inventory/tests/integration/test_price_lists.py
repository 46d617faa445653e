"""PriceListService, and what others learn of prices."""

import asyncio
from typing import Any

import pytest

from comanda.inventory.events.v1 import events_pb2 as events
from comanda.inventory.v1 import price_lists_pb2 as pb
from comanda.inventory.v1 import products_pb2
from comanda.types.v1 import options_pb2
from comanda.types.v1.messaging_pb2 import Envelope
from kit.errors import Duplicate, Forbidden, Invalid, NotFound


async def create(api: Any, code: str = "happy", **fields: Any) -> pb.PriceList:
    """Creates a price list by RPC."""
    request = pb.CreatePriceListRequest(code=code, **fields)
    return (await api.call(api.price_lists.CreatePriceList, request)).price_list


async def put(api: Any, code: str = "happy", **prices: int | None) -> dict[str, int | None]:
    """Sets prices and returns what the answer says."""
    wanted = [pb.ListedPrice(sku=sku, price_q=price_q) for sku, price_q in prices.items()]
    found = await api.call(api.price_lists.SetPrices, pb.SetPricesRequest(code=code, prices=wanted))
    return {each.sku: each.price_q if each.HasField("price_q") else None for each in found.prices}


async def listed(api: Any, code: str = "happy", **fields: Any) -> dict[str, int]:
    """All prices of one page."""
    page = await api.call(api.price_lists.ListPrices, pb.ListPricesRequest(code=code, **fields))
    return {each.sku: each.price_q for each in page.items}


async def published(api: Any, aggregate: str) -> list[Envelope]:
    """The messages about something, oldest first."""
    rows = await api.shop.rows("select message from outbox where aggregate = $1 order by position", aggregate)
    return [Envelope.FromString(row["message"]) for row in rows]


async def test_a_list_is_created_once_and_described(api: Any) -> None:
    made = await create(api, name="Happy hour")
    assert (made.currency, made.is_active) == ("BRL", True)
    with pytest.raises(Duplicate, match="duplicate_price_list"):
        await create(api)
    request = pb.UpdatePriceListRequest(code="happy", is_active=False)
    changed = (await api.call(api.price_lists.UpdatePriceList, request)).price_list
    assert (changed.name, changed.is_active) == ("Happy hour", False)
    read = await api.call(api.price_lists.GetPriceList, pb.GetPriceListRequest(code="happy"))
    assert read.price_list == changed
    payloads = [each.payload for each in await published(api, "price-list/happy")]
    described = {"code": "happy", "name": "Happy hour", "currency": "BRL"}
    assert payloads == [
        events.PriceListCreated(**described, is_active=True).SerializeToString(),
        events.PriceListUpdated(**described, is_active=False).SerializeToString(),
    ]


async def test_lists_are_listed_by_code_page_by_page(api: Any) -> None:
    for code in ("b", "a", "c"):
        await create(api, code, is_active=code != "c")
    first = await api.call(api.price_lists.ListPriceLists, pb.ListPriceListsRequest(page_size=2))
    token = first.next_page_token
    rest = await api.call(api.price_lists.ListPriceLists, pb.ListPriceListsRequest(page_token=token))
    assert [[each.code for each in page.items] for page in (first, rest)] == [["a", "b"], ["c"]]
    idle = await api.call(api.price_lists.ListPriceLists, pb.ListPriceListsRequest(is_active=False))
    assert [each.code for each in idle.items] == ["c"]


async def test_prices_are_set_changed_and_taken_away_and_others_stay(api: Any) -> None:
    await api.shop.stock(latte="0", mocha="0", tea="0")
    await create(api)
    assert await put(api, tea=0, latte=1200, mocha=900) == {"latte": 1200, "mocha": 900, "tea": 0}
    assert await put(api, latte=1100, mocha=None) == {"latte": 1100, "mocha": None}
    assert await listed(api) == {"latte": 1100, "tea": 0}
    assert await listed(api, sku=["tea", "ghost"]) == {"tea": 0}
    first = await api.call(api.price_lists.ListPrices, pb.ListPricesRequest(code="happy", page_size=1))
    assert await listed(api, page_token=first.next_page_token) == {"tea": 0}
    *_, last = await published(api, "price-list/happy")
    assert (
        last.payload
        == events.PricesSet(
            price_list="happy", prices=[events.PriceSet(sku="latte", price_q=1100), events.PriceSet(sku="mocha")]
        ).SerializeToString()
    )


async def test_bad_prices_change_nothing(api: Any) -> None:
    await api.shop.stock(latte="0")
    await create(api)
    with pytest.raises(Invalid, match="unknown_sku"):
        await put(api, latte=1200, ghost=1)
    with pytest.raises(Invalid, match="invalid_argument"):
        await put(api, latte=-1)
    twice = [pb.ListedPrice(sku="latte", price_q=price_q) for price_q in (1, 2)]
    with pytest.raises(Invalid, match="repeated_sku"):
        await api.call(api.price_lists.SetPrices, pb.SetPricesRequest(code="happy", prices=twice))
    with pytest.raises(NotFound):
        await put(api, "ghost", latte=1)
    with pytest.raises(NotFound):
        await listed(api, "ghost")
    assert await listed(api) == {}
    assert len(await published(api, "price-list/happy")) == 1


async def test_prices_set_at_once_are_published_in_the_order_in_which_they_hold(api: Any) -> None:
    await api.shop.stock(latte="0", mocha="0")
    await create(api)
    await asyncio.gather(*(put(api, latte=n, mocha=n) for n in range(1, 13)))
    *_, last = await published(api, "price-list/happy")
    told = events.PricesSet.FromString(last.payload)
    assert await listed(api) == {each.sku: each.price_q for each in told.prices}


async def test_what_a_product_costs_is_told_with_every_change(api: Any) -> None:
    prices = products_pb2.Prices(retail_price_q=1500, wholesale_price_q=1300, cost_q=700)
    await api.call(api.products.CreateProduct, products_pb2.CreateProductRequest(sku="latte", prices=prices))
    cheaper = products_pb2.Prices(retail_price_q=1400)
    request = products_pb2.UpdateProductRequest(sku="latte", prices=cheaper, is_active=False)
    await api.call(api.products.UpdateProduct, request)
    created, updated = await published(api, "product/latte")
    assert (
        created.payload
        == events.ProductCreated(
            sku="latte",
            is_active=True,
            prices=events.ProductPrices(retail_price_q=1500, wholesale_price_q=1300, cost_q=700),
        ).SerializeToString()
    )
    assert (
        updated.payload
        == events.ProductUpdated(
            sku="latte", is_active=False, prices=events.ProductPrices(retail_price_q=1400)
        ).SerializeToString()
    )


async def test_only_who_runs_a_storefront_sets_prices(api: Any) -> None:
    await create(api)
    role = options_pb2.ROLE_WAREHOUSE_STAFF
    await api.call(api.price_lists.ListPrices, pb.ListPricesRequest(code="happy"), role)
    with pytest.raises(Forbidden):
        await api.call(api.price_lists.CreatePriceList, pb.CreatePriceListRequest(code="own"), role)


async def test_a_list_of_another_business_is_not_found(api: Any) -> None:
    await create(api)
    api.shop = await api.shop.neighbour()
    with pytest.raises(NotFound):
        await api.call(api.price_lists.GetPriceList, pb.GetPriceListRequest(code="happy"))
