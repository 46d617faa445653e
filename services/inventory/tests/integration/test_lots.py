"""Lots: what units cost, until when they are good, and which of them leave first."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from comanda.inventory.events.v1.events_pb2 import StockCommitted
from comanda.inventory.v1 import reservations_pb2, stock_pb2, transfers_pb2
from comanda.inventory.v1.reservations_pb2 import OWNER_TYPE_CART, OWNER_TYPE_ORDER
from comanda.sales.events.v1.events_pb2 import BusinessCreated
from comanda.types.v1 import options_pb2
from comanda.types.v1.messaging_pb2 import OUTCOME_DONE, Envelope
from inventory.domain.reserve import Wish
from inventory.handlers import remember_businesses
from inventory.operations import counter
from inventory.store import businesses
from kit.errors import Forbidden, Invalid, Refused

TODAY = (datetime.now(UTC) - timedelta(hours=3)).date()
SOON, LATER, LONG_AGO = (str(TODAY + timedelta(days=days)) for days in (3, 30, -3))


async def receive(api: Any, qty: str, location: str = "main", sku: str = "coffee", **fields: Any) -> None:
    """Receives units, with what is known of them."""
    line = stock_pb2.ReceiveLine(sku=sku, qty=qty, **fields)
    await api.call(api.stock.ReceiveStock, stock_pb2.ReceiveStockRequest(location=location, lines=[line]))


async def take(api: Any, qty: str, owner: int = OWNER_TYPE_CART, ref: str = "C1") -> reservations_pb2.Reservation:
    """Reserves coffee and lets it leave."""
    made = await reserve(api, qty, owner, ref)
    request = reservations_pb2.CommitReservationRequest(id=made.id)
    return (await api.call(api.reservations.CommitReservation, request)).reservation


async def reserve(api: Any, qty: str, owner: int = OWNER_TYPE_CART, ref: str = "C1") -> reservations_pb2.Reservation:
    """Reserves coffee."""
    lines = [reservations_pb2.ReservationLine(sku="coffee", qty=qty, location="main")]
    request = reservations_pb2.CreateReservationRequest(owner_type=owner, owner_ref=ref, lines=lines)
    return (await api.call(api.reservations.CreateReservation, request)).reservations[0]


def picks(found: reservations_pb2.Reservation) -> list[tuple[str, str]]:
    """Lots and quantities of what left."""
    return [(pick.lot, pick.qty) for pick in found.picks]


async def lots(api: Any, **fields: Any) -> list[tuple[str, str]]:
    """Lots and what is left of them, as they are listed."""
    found = await api.call(api.stock.ListLots, stock_pb2.ListLotsRequest(**fields))
    return [(each.lot, each.qty_left) for each in found.items]


async def check(api: Any) -> None:
    """Proves that no more lies in lots than on the shelf, and that each lot is the sum of its movements."""
    await api.shop.check()
    wrong = """
        select l.id, l.qty_left, m.qty from lots l
        left join (select business_id, lot_id, sum(qty_delta) as qty from movements group by 1, 2) m
            on m.business_id = l.business_id and m.lot_id = l.id
        where l.qty_left is distinct from m.qty
    """
    assert await api.shop.rows(wrong) == []
    beyond = """
        select from lots l join stock s using (business_id, sku, location)
        group by s.business_id, s.sku, s.location having sum(l.qty_left) > s.on_hand
    """
    assert await api.shop.rows(beyond) == []


async def test_what_expires_first_leaves_first_and_its_cost_is_told(api: Any) -> None:
    await api.shop.stock(coffee="0")
    await receive(api, "5", lot="B", expiry_date=LATER, unit_cost_q=1000, supplier="Fazenda")
    await receive(api, "2", lot="A", expiry_date=SOON, unit_cost_q=950)
    await receive(api, "2", lot="N", unit_cost_q=900)
    first = await take(api, "3")
    assert [(each.lot, each.qty, each.unit_cost_q, each.expiry_date) for each in first.picks] == [
        ("A", "2.000", 950, SOON), ("B", "1.000", 1000, LATER)
    ]  # fmt: skip
    assert first.cost_q == 2900
    assert await lots(api) == [("B", "4.000"), ("N", "2.000")]
    assert await lots(api, include_empty=True) == [("A", "0.000"), ("B", "4.000"), ("N", "2.000")]
    read = await api.call(api.reservations.GetReservation, reservations_pb2.GetReservationRequest(id=first.id))
    again = await api.call(api.reservations.CommitReservation, reservations_pb2.CommitReservationRequest(id=first.id))
    assert read.reservation == again.reservation == first
    await check(api)


async def test_costs_are_rounded_half_up_for_each_pick(api: Any) -> None:
    await api.shop.stock(coffee="0")
    await receive(api, "0.5", lot="A", expiry_date=SOON, unit_cost_q=333)
    await receive(api, "0.5", lot="B", expiry_date=LATER, unit_cost_q=333)
    assert (await take(api, "1")).cost_q == 334


async def test_units_of_no_lot_leave_before_what_has_expired(api: Any) -> None:
    await api.shop.stock(coffee="2")
    await receive(api, "2", lot="OLD", expiry_date=LONG_AGO, unit_cost_q=800)
    await receive(api, "2", lot="TODAY", expiry_date=str(TODAY), unit_cost_q=900)
    assert picks(await take(api, "3")) == [("TODAY", "2.000")]
    last = await take(api, "3")
    assert (picks(last), last.HasField("cost_q")) == ([("OLD", "2.000")], False)
    await check(api)


async def test_a_lot_expires_when_the_day_ends_where_the_business_is(api: Any) -> None:
    await api.shop.stock(coffee="0")
    east, west = (datetime.now(UTC) + timedelta(hours=hours) for hours in (14, -11))
    await receive(api, "2", lot="WEST", expiry_date=str(west.date()))
    await receive(api, "2", lot="EAST", expiry_date=str(east.date()))
    for zone, expired in (("Pacific/Kiritimati", ["WEST"]), ("Pacific/Pago_Pago", []), ("Moon/Tycho", [])):
        told = [api.shop.arrived(BusinessCreated(timezone=zone))]
        await api.shop.run(lambda tx, told=told: remember_businesses.handle(tx, told))
        assert [lot for lot, _ in await lots(api, expired=True)] == expired
    assert picks(await take(api, "1")) == [("WEST", "1.000")]
    await api.shop.run(lambda tx: businesses.remember(tx, {api.shop.business: "Pacific/Kiritimati"}))
    assert picks(await take(api, "1", ref="C2")) == [("EAST", "1.000")]
    await check(api)


async def test_parts_remember_the_lots_of_the_parts_before(api: Any) -> None:
    await api.shop.stock(coffee="0")
    await receive(api, "2", lot="A", expiry_date=SOON, unit_cost_q=100)
    await receive(api, "9", lot="B", expiry_date=LATER, unit_cost_q=200)
    made = await reserve(api, "5", OWNER_TYPE_ORDER, "ORD-1")
    parts = []
    for qty in ("1", "2", "2"):
        request = reservations_pb2.FulfillReservationRequest(id=made.id, qty=qty)
        parts.append((await api.call(api.reservations.FulfillReservation, request)).reservation)
    assert [part.cost_q for part in parts] == [100, 400, 800]
    assert picks(parts[-1]) == [("A", "1.000"), ("A", "1.000"), ("B", "1.000"), ("B", "2.000")]


async def test_an_order_tells_the_cost_of_its_units_and_gives_them_back_to_their_lots(api: Any) -> None:
    await api.shop.stock(coffee="1", tea="5")
    await receive(api, "2", lot="A", expiry_date=SOON, unit_cost_q=950)
    holds = await api.shop.order("ORD-1", coffee="3", tea="1")
    assert len(holds) == 2
    [row] = await api.shop.rows("select message from outbox where subject like '%StockCommitted%'")
    told = StockCommitted.FromString(Envelope.FromString(row["message"]).payload)
    assert sorted((each.sku, each.lot, each.qty_delta, each.unit_cost_q) for each in told.lines) == [
        ("coffee", "", "-1.000", 0), ("coffee", "A", "-2.000", 950), ("tea", "", "-1.000", 0)
    ]  # fmt: skip
    for _ in range(2):
        assert (await api.shop.release("ORD-1")).outcome == OUTCOME_DONE
    assert await lots(api) == [("A", "2.000")]
    assert await api.shop.level("coffee") == (3, 0)
    await check(api)


async def test_reservations_that_come_back_together_go_each_to_its_own_lot(api: Any) -> None:
    await api.shop.stock(coffee="0")
    await receive(api, "2", lot="A", expiry_date=SOON)
    await receive(api, "3", lot="B", expiry_date=LATER)
    for qty in ("2", "1"):
        await take(api, qty, OWNER_TYPE_ORDER, "ORD-1")
    assert await lots(api) == [("B", "2.000")]
    assert (await api.shop.release("ORD-1")).outcome == OUTCOME_DONE
    assert await lots(api) == [("A", "2.000"), ("B", "3.000")]
    await check(api)


async def test_two_orders_in_one_batch_take_from_a_lot_in_turn(api: Any) -> None:
    await api.shop.stock(coffee="0")
    await receive(api, "3", lot="A", expiry_date=SOON)
    await receive(api, "3", lot="B", expiry_date=LATER)
    for session in ("S1", "S2"):
        await api.shop.hold(session, coffee="2")
    await api.shop.settle(api.shop.committing("ORD-1", "S1"), api.shop.committing("ORD-2", "S2"))
    rows = await api.shop.rows(
        "select reference, lot, qty_delta from movements where type = 'commit' order by reference, lot"
    )
    assert [tuple(row) for row in rows] == [("ORD-1", "A", -2), ("ORD-2", "A", -1), ("ORD-2", "B", -1)]
    await check(api)


async def test_lots_travel_with_their_units(api: Any) -> None:
    await api.shop.stock(coffee="1")
    await receive(api, "2", lot="A", expiry_date=SOON, unit_cost_q=950, supplier="Fazenda")
    request = transfers_pb2.CreateTransferRequest(
        to="spare", lines=[transfers_pb2.TransferUnits(sku="coffee", qty="3")]
    )
    setattr(request, "from", "main")
    sent = (await api.call(api.transfers.CreateTransfer, request)).transfer
    assert [(line.sku, line.qty) for line in sent.lines] == [("coffee", "3.000")]
    assert await lots(api) == []
    arrival = transfers_pb2.TransferUnits(sku="coffee", qty="1")
    part = transfers_pb2.ReceiveTransferRequest(id=sent.id, lines=[arrival])
    await api.call(api.transfers.ReceiveTransfer, part)
    assert await lots(api, location=["spare"]) == [("A", "1.000")]
    await api.call(api.transfers.CancelTransfer, transfers_pb2.CancelTransferRequest(id=sent.id))
    assert await lots(api, location=["main"]) == [("A", "1.000")]
    at_once = transfers_pb2.TransferStockRequest(to="main", lines=[arrival])
    setattr(at_once, "from", "spare")
    await api.call(api.transfers.TransferStock, at_once)
    found = await api.call(api.stock.ListLots, stock_pb2.ListLotsRequest(location=["main"]))
    assert [(each.unit_cost_q, each.supplier, each.expiry_date) for each in found.items] == [(950, "Fazenda", SOON)] * 2
    assert await api.shop.level("coffee") == (3, 0)
    await check(api)


async def test_what_has_expired_is_reported_and_written_off(api: Any) -> None:
    await api.shop.stock(coffee="0", milk="0")
    await receive(api, "4", lot="OLD", expiry_date=LONG_AGO)
    await receive(api, "4", lot="NEW", expiry_date=LATER)
    await receive(api, "4", sku="milk", lot="SOON", expiry_date=SOON)
    await receive(api, "4", sku="milk", lot="EVER")
    assert await lots(api, expired=True) == [("OLD", "4.000")]
    assert await lots(api, expired=False) == [("SOON", "4.000"), ("NEW", "4.000"), ("EVER", "4.000")]
    assert await lots(api, expires_before=LATER) == [("OLD", "4.000"), ("SOON", "4.000")]
    assert await lots(api, sku=["milk"], lot="EVER") == [("EVER", "4.000")]
    [old] = (await api.call(api.stock.ListLots, stock_pb2.ListLotsRequest(expired=True))).items
    assert old.is_expired

    async def write_off(qty: str, lot: str, **fields: str) -> None:
        fields = fields or {"qty_delta": qty}
        request = stock_pb2.AdjustStockRequest(sku="coffee", location="main", reason="mould", lot_id=lot, **fields)
        await api.call(api.stock.AdjustStock, request)

    with pytest.raises(Refused, match="exceeds_lot"):
        await write_off("-5", old.id)
    with pytest.raises(Invalid, match="unknown_lot"):
        await write_off("-1", "018f0000-0000-7000-8000-000000000000")
    with pytest.raises(Invalid, match="invalid_adjustment"):
        await write_off("1", old.id)
    with pytest.raises(Invalid, match="invalid_adjustment"):
        await write_off("", old.id, counted_qty="3")
    await write_off("-4", old.id)
    assert await lots(api, expired=True) == []
    assert await api.shop.level("coffee") == (4, 0)
    with pytest.raises(Invalid, match="unknown_lot"):
        await write_off("-1", old.id)
    await check(api)


async def test_lots_are_listed_page_by_page_and_only_to_who_may_see_costs(api: Any) -> None:
    await api.shop.stock(coffee="0")
    for n in range(5):
        await receive(api, "1", lot=str(n), expiry_date=[SOON, LATER, ""][n % 3])
    found, token = [], ""
    while True:
        page = await api.call(api.stock.ListLots, stock_pb2.ListLotsRequest(page_size=2, page_token=token))
        found += [each.lot for each in page.items]
        if not (token := page.next_page_token):
            break
    assert found == ["0", "3", "1", "4", "2"]
    with pytest.raises(Forbidden):
        await api.call(api.stock.ListLots, stock_pb2.ListLotsRequest(), options_pb2.ROLE_STAFF)
    api.shop = await api.shop.neighbour()
    assert await lots(api) == []


async def test_a_storefront_shows_its_batches(api: Any) -> None:
    await api.shop.stock(coffee="1")
    await receive(api, "2", lot="B", expiry_date=LATER)
    await receive(api, "2", lot="A", expiry_date=SOON, supplier="Fazenda")
    request = stock_pb2.GetStorefrontAvailabilityRequest(code="main", sku="coffee")
    found = await api.call(api.stock.GetStorefrontAvailability, request)
    assert [(each.lot, each.quantity, each.supplier) for each in found.batches] == [
        ("A", "2.000", "Fazenda"), ("B", "2.000", "")
    ]  # fmt: skip
    assert found.total_available == "5.000"


async def test_a_sale_at_the_counter_takes_by_date_tells_the_cost_and_comes_back(api: Any) -> None:
    await api.shop.stock(coffee="1")
    await receive(api, "2", lot="B", expiry_date=LATER, unit_cost_q=1000)
    await receive(api, "2", lot="A", expiry_date=SOON, unit_cost_q=950)
    wishes = [Wish("coffee", "main", Decimal(5))]
    for _ in range(2):
        sold = await api.shop.run(lambda tx: counter.sell(tx, "S-1", "sale/1", wishes))
        assert sorted((each.lot, each.qty_delta, each.unit_cost_q) for each in sold) == [
            ("", -1, None), ("A", -2, 950), ("B", -2, 1000)
        ]  # fmt: skip
    await check(api)
    await api.shop.run(lambda tx: counter.bring_back(tx, "sale/1", "test"))
    assert await lots(api) == [("A", "2.000"), ("B", "2.000")]
    await check(api)


async def test_nothing_is_asked_about_lots_where_there_are_none(api: Any) -> None:
    await api.shop.stock(coffee="5")
    await api.shop.rows("alter table lots rename to hidden")
    await api.shop.order("ORD-1", coffee="1")
    assert (await api.shop.release("ORD-1")).outcome == OUTCOME_DONE
    assert (await take(api, "1")).status == reservations_pb2.RESERVATION_STATUS_COMMITTED
    assert await api.shop.level("coffee") == (4, 0)
