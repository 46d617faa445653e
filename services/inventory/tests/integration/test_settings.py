"""What can be set for the shelves: units kept back, units promised before they come in, and when to order more."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from comanda.inventory.v1 import locations_pb2, reservations_pb2, stock_pb2
from comanda.inventory.v1.reservations_pb2 import OWNER_TYPE_CART
from comanda.types.v1.messaging_pb2 import OUTCOME_DONE
from kit.errors import Invalid, Refused


async def put(api: Any, sku: str = "coffee", location: str = "main", **fields: str) -> stock_pb2.StockLevel:
    """Sets settings of a shelf."""
    request = stock_pb2.SetStockSettingsRequest(sku=sku, location=location, **fields)
    return (await api.call(api.stock.SetStockSettings, request)).level


async def available(api: Any, sku: str = "coffee") -> dict[str, str]:
    """What is available of a SKU, by location."""
    found = await api.call(api.stock.GetAvailability, stock_pb2.GetAvailabilityRequest(sku=[sku]))
    return {each.location: each.available for each in found.items}


async def reserve(api: Any, qty: str, ref: str = "C1") -> reservations_pb2.Reservation:
    """Reserves coffee for a cart."""
    lines = [reservations_pb2.ReservationLine(sku="coffee", qty=qty)]
    request = reservations_pb2.CreateReservationRequest(owner_type=OWNER_TYPE_CART, owner_ref=ref, lines=lines)
    [made] = (await api.call(api.reservations.CreateReservation, request)).reservations
    return made


async def commit(api: Any, made: reservations_pb2.Reservation) -> reservations_pb2.Reservation:
    """Takes the units of a reservation."""
    request = reservations_pb2.CommitReservationRequest(id=made.id)
    return (await api.call(api.reservations.CommitReservation, request)).reservation


async def test_settings_that_are_not_named_stay_and_empty_ones_are_taken_away(api: Any) -> None:
    await api.shop.stock(coffee="0")
    await put(api, reorder_point="5", safety_stock="2.5")
    found = await put(api, backorder_limit="3")
    assert (found.reorder_point, found.safety_stock, found.backorder_limit) == ("5.000", "2.500", "3.000")
    found = await put(api, reorder_point="", backorder_limit="")
    assert (found.reorder_point, found.safety_stock, found.backorder_limit) == ("", "2.500", "0.000")
    [listed] = (await api.call(api.stock.ListStock, stock_pb2.ListStockRequest(sku=["coffee"]))).items
    assert listed == found
    with pytest.raises(Invalid, match="unknown_sku"):
        await put(api, "ghost", reorder_point="1")
    with pytest.raises(Invalid, match="unknown_location"):
        await put(api, location="ghost", reorder_point="1")


async def test_what_is_kept_back_is_reserved_by_nobody(api: Any) -> None:
    await api.shop.stock(coffee="10")
    await put(api, safety_stock="3")
    assert await available(api) == {"main": "7.000"}
    with pytest.raises(Refused, match="insufficient_stock") as refusal:
        await reserve(api, "8")
    assert refusal.value.context["lines"][0]["available"] == "7.000"
    [shortage] = (await api.shop.hold("S1", coffee="8")).shortages
    assert shortage.available_qty == "7.000"
    made = await reserve(api, "7")
    assert await available(api) == {"main": "0.000"}
    await put(api, safety_stock="9")
    assert await available(api) == {"main": "0.000"}
    await commit(api, made)
    assert await api.shop.level("coffee") == (3, 0)


async def test_a_location_keeps_units_back_of_every_sku_unless_one_says_otherwise(api: Any) -> None:
    await api.shop.stock(coffee="10", tea="10")
    request = locations_pb2.UpdateLocationRequest(code="main", safety_stock="4")
    assert (await api.call(api.locations.UpdateLocation, request)).location.safety_stock == "4.000"
    await put(api, "tea", safety_stock="0")
    assert (await available(api), await available(api, "tea")) == ({"main": "6.000"}, {"main": "10.000"})
    await put(api, "tea", safety_stock="")
    assert await available(api, "tea") == {"main": "6.000"}
    with pytest.raises(Refused, match="insufficient_stock"):
        await reserve(api, "6.001")


async def test_units_are_promised_before_they_come_in_up_to_a_cap(api: Any) -> None:
    await api.shop.stock(coffee="3")
    await put(api, backorder_limit="5")
    answers = await asyncio.gather(*(reserve(api, "1", f"C{n}") for n in range(20)), return_exceptions=True)
    made = [answer for answer in answers if isinstance(answer, reservations_pb2.Reservation)]
    assert len(made) == 8
    assert await api.shop.level("coffee") == (3, 8)
    taken = await asyncio.gather(*(commit(api, each) for each in made), return_exceptions=True)
    assert sorted(answer.code for answer in taken if isinstance(answer, Refused)) == ["backordered"] * 5
    assert await api.shop.level("coffee") == (0, 5)
    await api.shop.stock(coffee="5")
    await asyncio.gather(*(commit(api, each) for each in made))
    assert await api.shop.level("coffee") == (0, 0)
    await api.shop.check()


async def test_what_is_there_is_given_before_what_is_only_promised(api: Any) -> None:
    await api.shop.stock(coffee="3")
    await api.shop.stock(location="spare", coffee="4")
    await put(api, backorder_limit="5")
    wishes = {"S1": ("5", {"main": "3.000", "spare": "2.000"}), "S2": ("6", {"main": "4.000", "spare": "2.000"})}
    for session, (wanted, places) in wishes.items():
        holds = (await api.shop.hold(session, coffee=wanted)).holds
        assert {each.location: each.qty for each in holds} == places
    await api.shop.check()


async def test_an_order_waits_for_promised_goods_and_then_takes_all_of_them(api: Any) -> None:
    await api.shop.stock(coffee="3", tea="9")
    await api.shop.stock(location="spare", coffee="1")
    await put(api, backorder_limit="5")
    holds = list((await api.shop.hold("S1", coffee="6", tea="1")).holds)
    assert {(each.sku, each.location, each.qty) for each in holds} == {
        ("coffee", "main", "5.000"), ("coffee", "spare", "1.000"), ("tea", "main", "1.000")
    }  # fmt: skip
    assert (await api.shop.commit("ORD-1", "S1", holds)).error_code == "backordered"
    assert await api.shop.level("tea") == (9, 1)
    await api.shop.stock(coffee="2")
    assert (await api.shop.commit("ORD-1", "S1", holds)).outcome == OUTCOME_DONE
    assert await api.shop.level("coffee") == (0, 0)
    assert await api.shop.level("tea") == (8, 0)
    await api.shop.check()


async def test_of_two_orders_at_once_the_goods_go_to_the_first(api: Any) -> None:
    await api.shop.stock(coffee="3")
    await put(api, backorder_limit="2")
    for session, qty in (("S1", "2"), ("S2", "3")):
        await api.shop.hold(session, coffee=qty)
    first, second = await api.shop.settle(api.shop.committing("ORD-1", "S1"), api.shop.committing("ORD-2", "S2"))
    assert (first.outcome, second.error_code) == (OUTCOME_DONE, "backordered")
    assert await api.shop.level("coffee") == (1, 3)
    await api.shop.check()


async def test_a_cap_does_not_fall_below_what_is_promised(api: Any) -> None:
    await api.shop.stock(coffee="3")
    await put(api, backorder_limit="5")
    await reserve(api, "7")
    with pytest.raises(Refused, match="backorders_open") as refusal:
        await put(api, backorder_limit="3")
    assert refusal.value.context == {"backordered": "4.000"}
    assert (await put(api, backorder_limit="4")).backorder_limit == "4.000"
    await api.shop.pass_time()
    assert (await put(api, backorder_limit="0")).reserved == "0.000"
    assert await api.shop.level("coffee") == (3, 0)


async def test_what_should_be_ordered_is_listed(api: Any) -> None:
    await api.shop.stock(coffee="10", milk="10", tea="10")
    await put(api, reorder_point="5")
    await put(api, "milk", reorder_point="10", safety_stock="1")
    await put(api, "tea", reorder_point="9")
    below = stock_pb2.ListStockRequest(below_reorder_point=True, include_total=True)
    assert [each.sku for each in (await api.call(api.stock.ListStock, below)).items] == ["milk"]
    await reserve(api, "5")
    found = await api.call(api.stock.ListStock, below)
    assert ([each.sku for each in found.items], found.total) == (["coffee", "milk"], 2)
    await api.shop.pass_time()
    assert [each.sku for each in (await api.call(api.stock.ListStock, below)).items] == ["milk"]
    assert Decimal(found.items[0].available) == 5
