"""From which of several locations units come, by the product's rule, and what was decided and why."""

from typing import Any

import pytest

from comanda.inventory.v1 import products_pb2, reservations_pb2
from comanda.inventory.v1.reservations_pb2 import OWNER_TYPE_CART, OWNER_TYPE_SESSION
from inventory.store.allocations import forget
from kit.errors import Refused

PRIORITY = products_pb2.ALLOCATION_RULE_PRIORITY
FEWEST_SPLITS = products_pb2.ALLOCATION_RULE_FEWEST_SPLITS
SINGLE_LOCATION = products_pb2.ALLOCATION_RULE_SINGLE_LOCATION


@pytest.fixture
async def shelves(api: Any) -> Any:
    """Coffee at three locations: two units at the first, three at the second, seven at the last."""
    await api.shop.rows(
        """insert into locations (business_id, code, name, type, priority, is_active, created_at, updated_at)
        values ($1, 'far', 'Far', 'warehouse', 9, true, now(), now())""",
        api.shop.business,
    )
    for location, qty in (("main", "2"), ("spare", "3"), ("far", "7")):
        await api.shop.stock(location=location, coffee=qty)
    return api


async def rule(api: Any, allocation: int) -> None:
    """Gives coffee a rule."""
    request = products_pb2.UpdateProductRequest(sku="coffee", allocation=allocation)
    found = await api.call(api.products.UpdateProduct, request)
    assert found.product.allocation == allocation


async def reserve(api: Any, qty: str, ref: str = "C1", location: str = "", **fields: Any) -> dict[str, str]:
    """Reserves coffee; returns how many units of which location."""
    lines = [reservations_pb2.ReservationLine(sku="coffee", qty=qty, location=location)]
    request = reservations_pb2.CreateReservationRequest(
        owner_type=OWNER_TYPE_CART, owner_ref=ref, lines=lines, **fields
    )
    made = (await api.call(api.reservations.CreateReservation, request)).reservations
    return {each.location: each.qty for each in made}


async def decided(api: Any, **fields: Any) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Rules, reasons, and candidates of decisions, newest first."""
    request = reservations_pb2.ListAllocationsRequest(**fields)
    found = await api.call(api.reservations.ListAllocations, request)
    return [
        (each.rule, each.reason, [(place.location, place.free, place.taken) for place in each.candidates])
        for each in found.items
    ]


@pytest.mark.parametrize("allocation", [PRIORITY, FEWEST_SPLITS, SINGLE_LOCATION])
async def test_under_every_rule_the_first_that_has_all_serves(shelves: Any, allocation: int) -> None:
    await rule(shelves, allocation)
    assert await reserve(shelves, "3") == {"spare": "3.000"}
    [(_, reason, candidates)] = await decided(shelves)
    assert reason == "first_that_has_all"
    assert candidates == [("main", "2.000", "0.000"), ("spare", "3.000", "3.000"), ("far", "7.000", "0.000")]


async def test_by_priority_each_gives_what_it_has(shelves: Any) -> None:
    assert await reserve(shelves, "8") == {"main": "2.000", "spare": "3.000", "far": "3.000"}
    assert (await decided(shelves))[0][:2] == ("priority", "none_has_all_by_priority")


async def test_for_the_fewest_splits_those_that_have_most_give(shelves: Any) -> None:
    await rule(shelves, FEWEST_SPLITS)
    assert await reserve(shelves, "8") == {"far": "7.000", "spare": "1.000"}
    assert await decided(shelves) == [
        ("fewest_splits", "none_has_all_most_first", [
            ("main", "2.000", "0.000"), ("spare", "3.000", "1.000"), ("far", "7.000", "7.000")
        ])
    ]  # fmt: skip


async def test_units_that_must_leave_together_are_not_split(shelves: Any) -> None:
    await rule(shelves, SINGLE_LOCATION)
    with pytest.raises(Refused, match="insufficient_stock") as refusal:
        await reserve(shelves, "8")
    assert refusal.value.context["lines"][0]["available"] == "7.000"
    [shortage] = (await shelves.shop.hold("S1", coffee="8")).shortages
    assert shortage.available_qty == "7.000"
    assert await decided(shelves) == []
    assert await reserve(shelves, "8", allow_partial=True) == {"far": "7.000"}
    assert (await decided(shelves))[0][1] == "none_has_all_and_only_one_may_serve"


async def test_a_session_holds_by_the_rule_and_the_decision_is_found_by_its_owner(shelves: Any) -> None:
    await rule(shelves, FEWEST_SPLITS)
    holds = (await shelves.shop.hold("S1", coffee="9")).holds
    assert {each.location: each.qty for each in holds} == {"far": "7.000", "spare": "2.000"}
    await reserve(shelves, "1", "C9")
    assert len(await decided(shelves, owner_type=OWNER_TYPE_SESSION, owner_ref="S1")) == 1
    assert len(await decided(shelves, sku=["coffee"])) == 2
    assert await decided(shelves, owner_ref="nobody") == []
    shelves.shop = await shelves.shop.neighbour()
    assert await decided(shelves) == []


async def test_where_there_is_nothing_to_choose_nothing_is_noted(shelves: Any) -> None:
    await shelves.shop.stock(tea="5")
    assert await reserve(shelves, "1", location="spare") == {"spare": "1.000"}
    await shelves.shop.hold("S1", tea="1")
    assert await decided(shelves) == []


async def test_decisions_are_forgotten_after_thirty_days(shelves: Any) -> None:
    for ref in ("C1", "C2"):
        await reserve(shelves, "1", ref)
    await shelves.shop.rows("update allocations set decided_at = now() - interval '31 days' where owner_ref = 'C1'")
    assert not await shelves.shop.database.run(lambda tx, _: forget(tx))
    assert len(await decided(shelves, owner_ref="C1")) == 0
    assert len(await decided(shelves, owner_ref="C2")) == 1
