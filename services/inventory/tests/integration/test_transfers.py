"""TransferService: units go from one location to another, and the ledger tells what lay where at any instant."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from comanda.inventory.v1 import stock_pb2
from comanda.inventory.v1 import transfers_pb2 as pb
from comanda.types.v1 import options_pb2
from kit.errors import Forbidden, Invalid, NotFound, Refused

IN_TRANSIT, RECEIVED = pb.TRANSFER_STATUS_IN_TRANSIT, pb.TRANSFER_STATUS_RECEIVED
CANCELLED = pb.TRANSFER_STATUS_CANCELLED


def units(wanted: dict[str, str]) -> list[pb.TransferUnits]:
    """Lines given as SKU and quantity."""
    return [pb.TransferUnits(sku=sku, qty=qty) for sku, qty in wanted.items()]


async def send(api: Any, origin: str = "main", to: str = "spare", key: str = "", **wanted: str) -> pb.Transfer:
    """Sends units off."""
    request = pb.CreateTransferRequest(to=to, lines=units(wanted), reference="van", request_id=key)
    setattr(request, "from", origin)
    return (await api.call(api.transfers.CreateTransfer, request)).transfer


async def move(api: Any, origin: str = "main", to: str = "spare", **wanted: str) -> pb.Transfer:
    """Moves units at once."""
    request = pb.TransferStockRequest(to=to, lines=units(wanted))
    setattr(request, "from", origin)
    return (await api.call(api.transfers.TransferStock, request)).transfer


async def receive(api: Any, transfer: pb.Transfer, key: str = "", **arrived: str) -> pb.Transfer:
    """Books what arrived."""
    request = pb.ReceiveTransferRequest(id=transfer.id, lines=units(arrived), request_id=key)
    return (await api.call(api.transfers.ReceiveTransfer, request)).transfer


async def cancel(api: Any, transfer: pb.Transfer) -> pb.Transfer:
    """Cancels a transfer."""
    return (await api.call(api.transfers.CancelTransfer, pb.CancelTransferRequest(id=transfer.id))).transfer


async def on_hand(api: Any, sku: str = "coffee") -> tuple[Decimal, ...]:
    """What lies at both locations."""
    rows = await api.shop.rows("select location, on_hand from stock where sku = $1", sku)
    found = {row["location"]: row["on_hand"] for row in rows}
    return tuple(found.get(place, Decimal(0)) for place in ("main", "spare"))


async def as_of(api: Any, at: datetime, **filters: Any) -> dict[tuple[str, str], str]:
    """What lay where at an instant."""
    request = stock_pb2.ListStockRequest(**filters)
    request.as_of.FromDatetime(at)
    found = await api.call(api.stock.ListStock, request)
    assert all((each.reserved, each.available) == ("", "") for each in found.items)
    return {(each.sku, each.location): each.on_hand for each in found.items}


async def now(api: Any) -> datetime:
    """The database's clock."""
    [row] = await api.shop.rows("select clock_timestamp() as at")
    return row["at"]


async def test_units_move_at_once(api: Any) -> None:
    await api.shop.stock(coffee="10")
    moved = await move(api, coffee="4")
    assert (moved.status, moved.lines[0].qty, moved.lines[0].qty_received) == (RECEIVED, "4.000", "4.000")
    assert moved.closed_at == moved.created_at
    assert await on_hand(api) == (6, 4)
    assert sorted(await api.shop.moved(moved.id)) == [("transfer_in", 4), ("transfer_out", -4)]
    await api.shop.check()


async def test_units_under_way_are_nowhere_until_they_arrive_in_parts(api: Any) -> None:
    await api.shop.stock(coffee="10", tea="5")
    sent = await send(api, coffee="6", tea="2")
    assert (sent.status, getattr(sent, "from"), sent.to, sent.reference) == (IN_TRANSIT, "main", "spare", "van")
    assert (await on_hand(api), await on_hand(api, "tea")) == ((4, 0), (3, 0))
    part = await receive(api, sent, coffee="2.5")
    assert (part.status, [line.qty_received for line in part.lines]) == (IN_TRANSIT, ["2.500", "0.000"])
    assert await on_hand(api) == (4, Decimal("2.5"))
    assert (await api.call(api.transfers.GetTransfer, pb.GetTransferRequest(id=sent.id))).transfer == part
    whole = await receive(api, sent)
    assert (whole.status, [line.qty_received for line in whole.lines]) == (RECEIVED, ["6.000", "2.000"])
    assert (await on_hand(api), await on_hand(api, "tea")) == ((4, 6), (3, 2))
    assert await receive(api, sent) == whole
    await api.shop.check()


async def test_no_more_arrives_than_was_sent_and_nothing_else(api: Any) -> None:
    await api.shop.stock(coffee="10", tea="5")
    sent = await send(api, coffee="6")
    await receive(api, sent, coffee="4")
    with pytest.raises(Refused, match="exceeds_transfer") as refusal:
        await receive(api, sent, coffee="3")
    assert refusal.value.context == {"sku": "coffee", "qty": "3.000", "under_way": "2.000"}
    with pytest.raises(Invalid, match="not_in_transfer"):
        await receive(api, sent, tea="1")
    assert await on_hand(api) == (4, 4)


async def test_what_somebody_holds_does_not_leave_and_what_ran_out_does(api: Any) -> None:
    await api.shop.stock(coffee="10", tea="10")
    await api.shop.hold("S1", coffee="4")
    with pytest.raises(Refused, match="insufficient_stock") as refusal:
        await send(api, coffee="7", tea="10")
    assert refusal.value.context == {
        "lines": [{"sku": "coffee", "location": "main", "requested": "7.000", "available": "6.000"}]
    }
    with pytest.raises(Refused, match="insufficient_stock"):
        await move(api, coffee="6.001")
    assert (await on_hand(api), await on_hand(api, "tea")) == ((10, 0), (10, 0))
    await api.shop.pass_time()
    await send(api, coffee="7")
    assert await api.shop.level("coffee") == (3, 0)
    await api.shop.check()


async def test_a_transfer_that_makes_no_sense_is_refused(api: Any) -> None:
    await api.shop.stock(step="1", coffee="10")
    for wanted, code in (
        ({"to": "main", "coffee": "1"}, "same_location"),
        ({"to": "moon", "coffee": "1"}, "unknown_location"),
        ({"origin": "moon", "coffee": "1"}, "unknown_location"),
        ({"ghost": "1"}, "unknown_sku"),
        ({"coffee": "1.5"}, "off_step"),
        ({"coffee": "0"}, "invalid_qty"),
    ):
        for way in (send, move):
            with pytest.raises(Invalid, match=code):
                await way(api, **wanted)
    with pytest.raises(NotFound):
        await receive(api, pb.Transfer(id="018f0000-0000-7000-8000-000000000000"))
    request = pb.CancelTransferRequest(id="018f0000-0000-7000-8000-000000000000")
    with pytest.raises(Forbidden):
        await api.call(api.transfers.CancelTransfer, request, options_pb2.ROLE_STAFF)
    assert await on_hand(api) == (10, 0)


async def test_a_cancelled_transfer_goes_back_as_far_as_it_has_not_arrived(api: Any) -> None:
    await api.shop.stock(coffee="10")
    sent = await send(api, coffee="6")
    await receive(api, sent, coffee="2")
    back = await cancel(api, sent)
    assert (back.status, back.lines[0].qty_received, back.HasField("closed_at")) == (CANCELLED, "2.000", True)
    assert await on_hand(api) == (8, 2)
    assert await cancel(api, sent) == back
    with pytest.raises(Refused, match="transfer_cancelled"):
        await receive(api, sent)
    whole = await move(api, coffee="1")
    with pytest.raises(Refused, match="transfer_received"):
        await cancel(api, whole)
    await api.shop.check()


async def test_arrivals_and_a_cancellation_at_once_account_for_every_unit(api: Any) -> None:
    await api.shop.stock(coffee="10")
    sent = await send(api, coffee="10")
    works = [*(receive(api, sent, coffee="3") for _ in range(6)), cancel(api, sent)]
    await asyncio.gather(*works, return_exceptions=True)
    assert sum(await on_hand(api)) == 10
    await api.shop.check()


async def test_a_repeat_under_the_same_key_sends_and_receives_once(api: Any) -> None:
    await api.shop.stock(coffee="10")
    sent = await asyncio.gather(*(send(api, key="t-1", coffee="4") for _ in range(4)))
    assert len({each.id for each in sent}) == 1
    await asyncio.gather(*(receive(api, sent[0], key="r-1", coffee="1") for _ in range(4)))
    assert await on_hand(api) == (6, 1)


async def test_transfers_both_ways_at_once_neither_deadlock_nor_lose_units(api: Any) -> None:
    await api.shop.stock(coffee="50", tea="50")
    await api.shop.stock(location="spare", coffee="50", tea="50")
    there = [move(api, "main", "spare", coffee="1", tea="2") for _ in range(12)]
    back = [move(api, "spare", "main", tea="1", coffee="2") for _ in range(12)]
    await asyncio.gather(*there, *back)
    assert (await on_hand(api), await on_hand(api, "tea")) == ((62, 38), (38, 62))
    await api.shop.check()


async def test_transfers_are_listed_newest_first_and_by_what_they_are(api: Any) -> None:
    await api.shop.stock(coffee="10")
    first, second, third = [await send(api, coffee="1") for _ in range(3)]
    await receive(api, second)

    async def listed(**fields: Any) -> tuple[list[str], str]:
        page = await api.call(api.transfers.ListTransfers, pb.ListTransfersRequest(**fields))
        assert all(line.sku == "coffee" for each in page.items for line in each.lines)
        return [each.id for each in page.items], page.next_page_token

    newest, token = await listed(page_size=2)
    assert newest == [third.id, second.id]
    assert (await listed(page_token=token))[0] == [first.id]
    assert (await listed(status=[RECEIVED]))[0] == [second.id]
    assert (await listed(**{"from": "spare"}))[0] == []
    assert len((await listed(to="spare"))[0]) == 3
    api.shop = await api.shop.neighbour()
    assert await listed() == ([], "")
    with pytest.raises(NotFound):
        await api.call(api.transfers.GetTransfer, pb.GetTransferRequest(id=first.id))


async def test_what_lay_where_is_told_for_any_instant(api: Any) -> None:
    start = await now(api)
    await api.shop.stock(coffee="10")
    received = await now(api)
    sent = await send(api, coffee="4")
    under_way = await now(api)
    await receive(api, sent)
    await api.shop.order("ORD-1", coffee="1")
    main, spare = ("coffee", "main"), ("coffee", "spare")
    assert await as_of(api, start) == {main: "0.000", spare: "0.000"}
    assert await as_of(api, received) == {main: "10.000", spare: "0.000"}
    assert await as_of(api, under_way) == {main: "6.000", spare: "0.000"}
    assert await as_of(api, await now(api)) == {main: "5.000", spare: "4.000"}
    assert await as_of(api, under_way, location=["spare"], page_size=1) == {spare: "0.000"}
    with pytest.raises(Invalid, match="invalid_filter"):
        await as_of(api, start, below_reorder_point=True)


async def test_a_call_that_waited_for_the_shelf_comes_after_what_it_waited_for(api: Any) -> None:
    """However long ago its transaction began: else the past would show stock below zero."""
    await api.shop.stock(coffee="0")
    await asyncio.gather(*(api.shop.stock(coffee="1") for _ in range(8)), *(take(api) for _ in range(8)))
    sums = await api.shop.rows(
        "select sum(qty_delta) over (partition by location order by created_at, id) as on_hand from movements"
    )
    assert len(sums) == 16
    assert min(row["on_hand"] for row in sums) >= 0


async def take(api: Any) -> None:
    """Takes one unit as soon as there is one."""
    for _ in range(200):
        request = stock_pb2.AdjustStockRequest(sku="coffee", location="main", qty_delta="-1", reason="sold")
        try:
            await api.call(api.stock.AdjustStock, request)
        except Refused:
            continue
        return
    raise AssertionError("nothing came in")


async def test_the_past_is_told_to_the_microsecond(api: Any) -> None:
    await api.shop.stock(coffee="10")
    [row] = await api.shop.rows("select created_at from movements")
    at = row["created_at"].astimezone(UTC)
    assert await as_of(api, at) == {("coffee", "main"): "10.000"}
