"""StockService: receipts, corrections, levels, movements, and what could be reserved."""

from datetime import UTC, datetime
from typing import Any

import pytest

from comanda.inventory.events.v1.events_pb2 import StockAdjusted, StockReceived
from comanda.inventory.v1 import stock_pb2
from comanda.types.v1.messaging_pb2 import Envelope
from kit.errors import DomainError, Invalid, Refused


async def receive(api: Any, *lines: dict[str, Any], location: str = "main", **fields: Any) -> list[Any]:
    """Books goods and returns sku, on hand, reserved, and available of each level."""
    request = stock_pb2.ReceiveStockRequest(
        location=location, lines=[stock_pb2.ReceiveLine(**line) for line in lines], **fields
    )
    return list(map(figures, (await api.call(api.stock.ReceiveStock, request)).items))


async def adjust(api: Any, sku: str, location: str = "main", reason: str = "count", **figure: str) -> Any:
    """Corrects a shelf."""
    request = stock_pb2.AdjustStockRequest(location=location, sku=sku, reason=reason, **figure)
    return figures((await api.call(api.stock.AdjustStock, request)).level)


def figures(level: stock_pb2.StockLevel) -> tuple[str, str, str, str]:
    """SKU, on hand, reserved, and available."""
    return level.sku, level.on_hand, level.reserved, level.available


async def available(api: Any, *skus: str, **fields: str) -> list[tuple[str, str, str]]:
    """SKU, location, and what could be reserved."""
    request = stock_pb2.GetAvailabilityRequest(sku=skus, **fields)
    return [
        (level.sku, level.location, level.available)
        for level in (await api.call(api.stock.GetAvailability, request)).items
    ]


async def test_a_line_may_have_a_reference_of_its_own(api: Any) -> None:
    await api.shop.stock(coffee="0")
    lines = [{"sku": "coffee", "qty": "1", "reference": "NF-2"}, {"sku": "coffee", "qty": "2"}]
    await receive(api, *lines, reference="NF-3")
    for reference, qty in (("NF-2", "1.000"), ("NF-3", "2.000")):
        found = await api.call(api.stock.ListMovements, stock_pb2.ListMovementsRequest(reference=reference))
        assert [each.qty_delta for each in found.items] == [qty]
    [row] = await api.shop.rows("select message from outbox")
    assert StockReceived.FromString(Envelope.FromString(row["message"]).payload).reference == ""


async def test_goods_that_come_in_are_on_hand_with_a_movement_each(api: Any) -> None:
    await api.shop.stock(coffee="0", milk="0")
    lines = [
        {"sku": "milk", "qty": "2", "lot": "L1", "expiry_date": "2027-01-31", "unit_cost_q": 199, "supplier": "Dairy"},
        {"sku": "coffee", "qty": "3"},
        {"sku": "milk", "qty": "0.5"},
    ]
    levels = await receive(api, *lines, reference="NF-1")
    assert levels == [("coffee", "3.000", "0.000", "3.000"), ("milk", "2.500", "0.000", "2.500")]
    found = await api.call(api.stock.ListMovements, stock_pb2.ListMovementsRequest(reference="NF-1"))
    assert sorted((each.sku, each.qty_delta) for each in found.items) == [
        ("coffee", "3.000"),
        ("milk", "0.500"),
        ("milk", "2.000"),
    ]
    [lot] = [each for each in found.items if each.lot]
    assert (lot.expiry_date, lot.unit_cost_q, lot.supplier, lot.actor) == ("2027-01-31", 199, "Dairy", "key:test")
    assert lot.type == stock_pb2.MOVEMENT_TYPE_RECEIPT
    [row] = await api.shop.rows("select aggregate, message from outbox")
    event = StockReceived.FromString(Envelope.FromString(row["message"]).payload)
    assert (row["aggregate"], event.location, event.reference) == ("stock/main", "main", "NF-1")
    assert {(line.sku, line.qty_delta) for line in event.lines} == {("milk", "2.500"), ("coffee", "3.000")}
    await api.shop.check()


@pytest.mark.parametrize(
    ("line", "location", "code"),
    [
        ({"sku": "ghost", "qty": "1"}, "main", "unknown_sku"),
        ({"sku": "box", "qty": "1"}, "nowhere", "unknown_location"),
        ({"sku": "box", "qty": "0"}, "main", "invalid_qty"),
        ({"sku": "box", "qty": "0.5"}, "main", "off_step"),
        ({"sku": "box", "qty": "1", "expiry_date": "2027-02-30"}, "main", "invalid_expiry_date"),
        ({"sku": "box", "qty": "999999999"}, "main", "quantity_too_large"),
        ({"sku": "box", "qty": "-1"}, "main", "invalid_argument"),
        ({"sku": "box", "qty": "1.0001"}, "main", "invalid_argument"),
    ],
)
async def test_a_receipt_that_cannot_be_is_refused(api: Any, line: dict[str, str], location: str, code: str) -> None:
    await api.shop.stock(step="1", box="1")
    with pytest.raises(Invalid, match=code):
        await receive(api, {"sku": "box", "qty": "1"}, line, location=location)
    assert await api.shop.level("box") == (1, 0)


async def test_a_correction_is_a_difference_or_a_count(api: Any) -> None:
    await api.shop.stock(coffee="10")
    assert (await adjust(api, "coffee", qty_delta="-2.5"))[1] == "7.500"
    assert (await adjust(api, "coffee", counted_qty="8"))[1] == "8.000"
    assert (await adjust(api, "coffee", location="spare", counted_qty="4"))[1] == "4.000"
    request = stock_pb2.ListMovementsRequest(type=[stock_pb2.MOVEMENT_TYPE_ADJUSTMENT])
    found = (await api.call(api.stock.ListMovements, request)).items
    assert [(each.qty_delta, each.reason, each.location) for each in found] == [
        ("4.000", "count", "spare"),
        ("0.500", "count", "main"),
        ("-2.500", "count", "main"),
    ]
    rows = await api.shop.rows("select message from outbox where subject like '%StockAdjusted%' order by position")
    event = StockAdjusted.FromString(Envelope.FromString(rows[0]["message"]).payload)
    assert (event.location, event.change.sku, event.change.qty_delta) == ("main", "coffee", "-2.500")
    await api.shop.check()


async def test_a_count_that_is_right_moves_nothing(api: Any) -> None:
    await api.shop.stock(coffee="10")
    await adjust(api, "coffee", counted_qty="10")
    rows = await api.shop.rows("select type from movements")
    assert [row["type"] for row in rows] == ["receipt"]


async def test_stock_never_falls_below_what_is_reserved(api: Any) -> None:
    await api.shop.stock(coffee="10")
    await api.shop.hold("S1", coffee="4")
    with pytest.raises(Refused, match="below_reserved") as refusal:
        await adjust(api, "coffee", counted_qty="3.999")
    assert refusal.value.context == {"on_hand": "10.000", "reserved": "4.000"}
    with pytest.raises(Refused, match="below_reserved"):
        await adjust(api, "coffee", qty_delta="-11")
    assert await adjust(api, "coffee", counted_qty="4") == ("coffee", "4.000", "4.000", "0.000")


async def test_what_ran_out_does_not_stand_in_the_way_of_a_correction(api: Any) -> None:
    await api.shop.stock(coffee="10")
    await api.shop.hold("S1", coffee="4")
    await api.shop.pass_time()
    assert await adjust(api, "coffee", counted_qty="1") == ("coffee", "1.000", "0.000", "1.000")
    await api.shop.check()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sku": "coffee"}, "invalid_adjustment"),
        ({"sku": "coffee", "qty_delta": "1", "counted_qty": "1"}, "invalid_adjustment"),
        ({"sku": "coffee", "qty_delta": "1", "reason": ""}, "invalid_argument"),
        ({"sku": "ghost", "qty_delta": "1"}, "unknown_sku"),
        ({"sku": "coffee", "qty_delta": "1", "location": "nowhere"}, "unknown_location"),
        ({"sku": "coffee", "qty_delta": "999999999"}, "quantity_too_large"),
    ],
)
async def test_a_correction_that_cannot_be_is_refused(api: Any, fields: dict[str, str], code: str) -> None:
    await api.shop.stock(coffee="1")
    with pytest.raises(DomainError, match=code):
        await adjust(api, **fields)


async def test_levels_are_listed_by_sku_and_location(api: Any) -> None:
    await api.shop.stock(coffee="1", milk="2")
    await api.shop.stock(location="spare", coffee="3")
    await api.shop.hold("S1", coffee="1")
    first = await api.call(api.stock.ListStock, stock_pb2.ListStockRequest(page_size=2, include_total=True))
    assert [(each.sku, each.location, each.available) for each in first.items] == [
        ("coffee", "main", "0.000"),
        ("coffee", "spare", "3.000"),
    ]
    assert first.total == 3
    rest = await api.call(api.stock.ListStock, stock_pb2.ListStockRequest(page_token=first.next_page_token))
    assert [(each.sku, rest.next_page_token) for each in rest.items] == [("milk", "")]
    request = stock_pb2.ListStockRequest(sku=["coffee"], location=["spare"])
    assert [each.on_hand for each in (await api.call(api.stock.ListStock, request)).items] == ["3.000"]


async def test_what_ran_out_is_not_reserved_before_any_sweep(api: Any) -> None:
    await api.shop.stock(coffee="5")
    await api.shop.hold("S1", coffee="4")
    await api.shop.pass_time()
    [level] = (await api.call(api.stock.ListStock, stock_pb2.ListStockRequest())).items
    assert figures(level) == ("coffee", "5.000", "0.000", "5.000")
    assert await available(api, "coffee") == [("coffee", "main", "5.000")]


async def test_availability_names_every_sku_that_was_asked_for(api: Any) -> None:
    await api.shop.stock(coffee="5", milk="0")
    await api.shop.stock(location="spare", coffee="2")
    assert await available(api, "milk", "coffee", "ghost", "coffee") == [
        ("milk", "", "0.000"),
        ("coffee", "main", "5.000"),
        ("coffee", "spare", "2.000"),
        ("ghost", "", "0.000"),
    ]
    assert await available(api, "coffee", location="spare") == [("coffee", "spare", "2.000")]


async def test_an_owner_may_leave_out_what_he_holds_himself(api: Any) -> None:
    await api.shop.stock(coffee="10")
    await api.shop.hold("S1", coffee="3")
    await api.shop.hold("S2", coffee="4")
    assert await available(api, "coffee") == [("coffee", "main", "3.000")]
    assert await available(api, "coffee", exclude_owner="session:S1") == [("coffee", "main", "6.000")]
    assert await available(api, "coffee", exclude_owner="session:counter/S2") == [("coffee", "main", "7.000")]
    assert await available(api, "coffee", exclude_owner="session:web/S2") == [("coffee", "main", "3.000")]
    assert await available(api, "coffee", exclude_owner="order:S1") == [("coffee", "main", "3.000")]


async def test_nothing_is_available_of_what_is_inactive(api: Any) -> None:
    await api.shop.stock(coffee="5", tea="5")
    await api.shop.rows("update products set is_active = false where sku = 'tea'")
    await api.shop.stock(location="spare", coffee="5")
    await api.shop.rows("update locations set is_active = false where code = 'spare'")
    assert await available(api, "coffee", "tea") == [
        ("coffee", "main", "5.000"),
        ("coffee", "spare", "0.000"),
        ("tea", "main", "0.000"),
    ]


async def test_movements_are_listed_newest_first_and_by_what_they_are(api: Any) -> None:
    await api.shop.stock(coffee="1")
    await api.shop.stock(milk="2")
    await api.shop.stock(location="spare", coffee="3")
    await api.shop.order("O1", coffee="1")

    async def found(**fields: Any) -> list[str]:
        page = await api.call(api.stock.ListMovements, stock_pb2.ListMovementsRequest(**fields))
        return [each.qty_delta for each in page.items]

    assert await found() == ["-1.000", "3.000", "2.000", "1.000"]
    assert await found(sku=["coffee"], location=["main"]) == ["-1.000", "1.000"]
    assert await found(type=[stock_pb2.MOVEMENT_TYPE_COMMIT]) == ["-1.000"]
    first = await api.call(api.stock.ListMovements, stock_pb2.ListMovementsRequest(page_size=3))
    assert await found(page_token=first.next_page_token) == ["1.000"]
    now = stock_pb2.Movement().created_at
    now.FromDatetime(datetime.now(UTC))
    assert len(await found(to=now)) == 4
    assert await found(**{"from": now}) == []
