"""A reservation's life after it was made: fulfilled in parts, extended, replaced, and ended."""

import asyncio
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

import pytest

from comanda.inventory.events.v1.events_pb2 import ReservationsExpired, StockCommitted
from comanda.inventory.v1 import reservations_pb2 as pb
from comanda.inventory.v1 import stock_pb2
from comanda.inventory.v1.reservations_pb2 import OWNER_TYPE_CART, OWNER_TYPE_ORDER
from comanda.types.v1.messaging_pb2 import OUTCOME_DONE, Envelope
from kit.errors import Invalid, NotFound, Refused
from kit.identity import NO_BUSINESS

from .conftest import Shop

ACTIVE, COMMITTED = pb.RESERVATION_STATUS_ACTIVE, pb.RESERVATION_STATUS_COMMITTED
RELEASED, EXPIRED = pb.RESERVATION_STATUS_RELEASED, pb.RESERVATION_STATUS_EXPIRED


def lines(wanted: dict[str, str]) -> list[pb.ReservationLine]:
    """Lines given as SKU and quantity, with `_at_` between SKU and location where there is one."""
    split = [(*sku.split("_at_"), qty) for sku, qty in wanted.items()]
    return [pb.ReservationLine(sku=sku, location="".join(place), qty=qty) for sku, *place, qty in split]


async def reserve(api: Any, ref: str = "C1", owner: int = OWNER_TYPE_CART, ttl: int = 1800, **wanted: str) -> Any:
    """Reserves lines and returns the reservations."""
    request = pb.CreateReservationRequest(owner_type=owner, owner_ref=ref, lines=lines(wanted), ttl_seconds=ttl)
    return list((await api.call(api.reservations.CreateReservation, request)).reservations)


async def replace(api: Any, ref: str = "C1", **wanted: str) -> dict[tuple[str, str], str]:
    """Replaces what a cart holds; returns what it holds then."""
    request = pb.ReplaceReservationsRequest(owner_type=OWNER_TYPE_CART, owner_ref=ref, lines=lines(wanted))
    found = await api.call(api.reservations.ReplaceReservations, request)
    return {(each.sku, each.location): each.qty for each in found.reservations}


async def fulfil(api: Any, identifier: str, qty: str = "", **fields: Any) -> Any:
    """Fulfils a part of a reservation."""
    request = pb.FulfillReservationRequest(id=identifier, qty=qty, **fields)
    return (await api.call(api.reservations.FulfillReservation, request)).reservation


async def extend(api: Any, identifier: str, **fields: Any) -> Any:
    """Extends a reservation."""
    request = pb.ExtendReservationRequest(id=identifier, **fields)
    return (await api.call(api.reservations.ExtendReservation, request)).reservation


async def do(api: Any, what: str, identifier: str) -> Any:
    """Reads, commits, or releases one reservation."""
    request = getattr(pb, f"{what}ReservationRequest")(id=identifier)
    return (await api.call(getattr(api.reservations, f"{what}Reservation"), request)).reservation


async def cleanup(api: Any, dry_run: bool = False) -> int:
    """Ends what has run out, or only counts it."""
    request = pb.CleanupReservationsRequest(dry_run=dry_run)
    return (await api.call(api.reservations.CleanupReservations, request)).released_count


async def told(api: Any, kind: Any) -> list[Any]:
    """The messages of a type that were published, oldest first."""
    rows = await api.shop.rows("select message from outbox order by position")
    envelopes = [Envelope.FromString(row["message"]) for row in rows]
    return [kind.FromString(each.payload) for each in envelopes if each.type == kind.DESCRIPTOR.full_name]


async def test_units_leave_in_parts_until_the_last_commits_the_reservation(api: Any) -> None:
    await api.shop.stock(coffee="10")
    [made] = await reserve(api, "ORD-1", OWNER_TYPE_ORDER, coffee="5")
    part = await fulfil(api, made.id, "2")
    assert (part.status, part.qty, part.qty_fulfilled, part.HasField("fulfilled_at")) == (
        ACTIVE,
        "5.000",
        "2.000",
        False,
    )
    assert await api.shop.level("coffee") == (8, 3)
    whole = await fulfil(api, made.id, "3")
    assert (whole.status, whole.qty_fulfilled, whole.HasField("fulfilled_at")) == (COMMITTED, "5.000", True)
    assert await fulfil(api, made.id, "3") == whole
    assert await api.shop.moved("ORD-1") == [("commit", -2), ("commit", -3)]
    assert [event.lines[0].qty_delta for event in await told(api, StockCommitted)] == ["-2.000", "-3.000"]
    await api.shop.check()


async def test_a_commit_takes_what_parts_have_left_over(api: Any) -> None:
    await api.shop.stock(coffee="10")
    [made] = await reserve(api, coffee="5")
    await fulfil(api, made.id, "2")
    assert (await do(api, "Commit", made.id)).status == COMMITTED
    assert await api.shop.moved(made.id) == [("commit", -2), ("commit", -3)]
    await api.shop.check()


async def test_no_more_than_is_reserved_can_leave(api: Any) -> None:
    await api.shop.stock(coffee="10")
    [made] = await reserve(api, coffee="5")
    await fulfil(api, made.id, "4")
    with pytest.raises(Refused, match="exceeds_reserved") as refusal:
        await fulfil(api, made.id, "1.001")
    assert refusal.value.context == {"qty": "1.001", "remaining": "1.000"}
    with pytest.raises(Invalid, match="invalid_qty"):
        await fulfil(api, made.id, "0")
    assert await api.shop.level("coffee") == (6, 1)


async def test_parts_that_are_asked_for_at_once_add_up_to_what_is_reserved(api: Any) -> None:
    await api.shop.stock(coffee="10")
    [made] = await reserve(api, coffee="5")
    answers = await asyncio.gather(*(fulfil(api, made.id, "2") for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(answer, Refused) for answer in answers) == 4
    assert await api.shop.level("coffee") == (6, 1)
    await api.shop.check()


async def test_a_part_that_is_asked_for_twice_under_one_key_leaves_once(api: Any) -> None:
    await api.shop.stock(coffee="10")
    [made] = await reserve(api, coffee="5")
    answers = await asyncio.gather(*(fulfil(api, made.id, "2", request_id="part-1") for _ in range(4)))
    assert [answer.qty_fulfilled for answer in answers] == ["2.000"] * 4
    assert await api.shop.level("coffee") == (8, 3)


async def test_what_is_left_of_a_part_goes_back_and_what_has_left_stays_away(api: Any) -> None:
    await api.shop.stock(coffee="10", tea="10")
    [coffee, tea] = await reserve(api, coffee="5", tea="5")
    await fulfil(api, coffee.id, "2")
    await fulfil(api, tea.id, "2")
    assert (await do(api, "Release", coffee.id)).qty_fulfilled == "2.000"
    await api.shop.pass_time()
    await api.shop.sweep()
    assert (await do(api, "Get", tea.id)).status == EXPIRED
    assert await api.shop.level("coffee") == await api.shop.level("tea") == (8, 0)
    await api.shop.check()


@pytest.mark.parametrize("end", ["nothing", "release", "expire"])
async def test_a_cancelled_order_gets_its_parts_back_once_however_the_rest_ended(api: Any, end: str) -> None:
    await api.shop.stock(coffee="10")
    [made] = await reserve(api, "ORD-1", OWNER_TYPE_ORDER, coffee="5")
    await fulfil(api, made.id, "2")
    if end == "release":
        await do(api, "Release", made.id)
    elif end == "expire":
        await api.shop.pass_time(8 * 86_400)
        await api.shop.sweep()
    for _ in range(2):
        assert (await api.shop.release("ORD-1")).outcome == OUTCOME_DONE
    assert await api.shop.level("coffee") == (10, 0)
    assert await api.shop.moved("ORD-1") == [("commit", -2), ("return", 2)]
    assert (await do(api, "Get", made.id)).status == RELEASED
    await api.shop.check()


async def test_an_order_takes_only_what_parts_of_its_hold_have_left_over(api: Any) -> None:
    await api.shop.stock(coffee="10")
    holds = list((await api.shop.hold("S1", coffee="5")).holds)
    await fulfil(api, holds[0].hold_id, "2")
    assert (await api.shop.commit("ORD-1", "S1", holds)).outcome == OUTCOME_DONE
    assert await api.shop.level("coffee") == (5, 0)
    assert await api.shop.moved("ORD-1") == [("commit", -3)]
    await api.shop.check()


async def test_more_time_is_given_and_never_taken(api: Any) -> None:
    await api.shop.stock(coffee="10")
    [made] = await reserve(api, ttl=60, coffee="5")
    longer = await extend(api, made.id, ttl_seconds=600)
    assert longer.expires_at.ToDatetime(UTC) - made.expires_at.ToDatetime(UTC) >= timedelta(seconds=540)
    assert (await extend(api, made.id, ttl_seconds=5)).expires_at == longer.expires_at
    usual = await extend(api, made.id)
    assert usual.expires_at.ToDatetime(UTC) - longer.expires_at.ToDatetime(UTC) >= timedelta(seconds=1190)


async def test_what_holds_nothing_any_more_is_neither_extended_nor_fulfilled(api: Any) -> None:
    await api.shop.stock(coffee="10")
    [gone, released, over] = [(await reserve(api, ref, coffee="1"))[0] for ref in ("a", "b", "c")]
    await do(api, "Commit", gone.id)
    await do(api, "Release", released.id)
    await api.shop.rows("update reservations set expires_at = now() where owner_ref = 'c'")
    with pytest.raises(Refused, match="reservation_committed"):
        await extend(api, gone.id)
    for each, code in ((released, "reservation_released"), (over, "reservation_expired")):
        with pytest.raises(Refused, match=code):
            await extend(api, each.id)
        with pytest.raises(Refused, match=code):
            await fulfil(api, each.id, "1")
    with pytest.raises(NotFound):
        await extend(api, "018f0000-0000-7000-8000-000000000000")


async def test_a_cart_is_replaced_by_moving_only_the_difference(api: Any) -> None:
    await api.shop.stock(coffee="10", milk="3", tea="5")
    await api.shop.stock(location="spare", coffee="10")
    assert await replace(api, coffee="8", milk="1") == {("coffee", "main"): "8.000", ("milk", "main"): "1.000"}
    [before] = await api.shop.rows("select id from reservations where sku = 'coffee'")
    assert await replace(api, coffee="10", tea="2") == {("coffee", "main"): "10.000", ("tea", "main"): "2.000"}
    rows = await api.shop.rows("select id, sku, status from reservations order by sku")
    assert [(row["sku"], row["status"]) for row in rows] == [
        ("coffee", "active"), ("milk", "released"), ("tea", "active")
    ]  # fmt: skip
    assert rows[0]["id"] == before["id"]
    assert await replace(api, coffee_at_spare="4") == {("coffee", "spare"): "4.000"}
    assert await replace(api) == {}
    assert await api.shop.level("coffee") == await api.shop.level("coffee", "spare") == (10, 0)
    await api.shop.check()


async def test_a_cart_that_cannot_have_all_keeps_what_it_has(api: Any) -> None:
    await api.shop.stock(coffee="10")
    await reserve(api, "C2", coffee="4")
    await replace(api, coffee="5")
    with pytest.raises(Refused, match="insufficient_stock") as refusal:
        await replace(api, coffee="7")
    [line] = refusal.value.context["lines"]
    assert (line["available"], [each["owner_ref"] for each in line["holders"]]) == ("6.000", ["C2"])
    with pytest.raises(Invalid, match="unknown_sku"):
        await replace(api, ghost="1")
    assert await api.shop.level("coffee") == (10, 9)


async def test_a_cart_that_is_replaced_many_times_at_once_holds_one_of_the_wishes(api: Any) -> None:
    await api.shop.stock(coffee="10", tea="10")
    await asyncio.gather(*(replace(api, **{sku: str(n)}) for n in range(1, 5) for sku in ("coffee", "tea")))
    held = await api.shop.rows("select sku, qty from reservations where status = 'active'")
    assert len(held) == 1
    await api.shop.check()


async def test_a_refusal_says_who_holds_the_rest_until_when_and_when_there_is_enough(api: Any) -> None:
    await api.shop.stock(coffee="10")
    holds = [(await reserve(api, f"C{ttl}", ttl=ttl, coffee=qty))[0] for ttl, qty in ((90, "3"), (60, "2"), (120, "4"))]
    with pytest.raises(Refused) as refusal:
        await reserve(api, "late", coffee="5")
    [line] = refusal.value.context["lines"]
    assert [(each["owner_type"], each["owner_ref"], each["qty"]) for each in line["holders"]] == [
        ("cart", "C60", "2.000"), ("cart", "C90", "3.000"), ("cart", "C120", "4.000")
    ]  # fmt: skip
    assert line["earliest_release_at"] == line["holders"][0]["expires_at"]
    assert line["enough_at"] == line["holders"][1]["expires_at"]
    assert line["enough_at"].startswith(holds[0].expires_at.ToDatetime().isoformat()[:19])
    # Obeying the hint, the retry succeeds.
    await api.shop.rows(
        "update reservations set expires_at = now() where expires_at <= $1", holds[0].expires_at.ToDatetime(UTC)
    )
    [made] = await reserve(api, "late", coffee="5")
    assert made.qty == "5.000"


async def test_a_refusal_that_no_expiry_mends_names_no_time(api: Any) -> None:
    await api.shop.stock(coffee="3")
    await reserve(api, "C2", coffee="2")
    with pytest.raises(Refused) as refusal:
        await reserve(api, coffee="4")
    [line] = refusal.value.context["lines"]
    assert (line["enough_at"], line["earliest_release_at"] is None) == (None, False)


async def test_a_session_that_is_short_learns_who_holds_the_rest(api: Any) -> None:
    await api.shop.stock(coffee="3")
    [other] = await reserve(api, "C2", coffee="2")
    [shortage] = (await api.shop.hold("S1", coffee="2")).shortages
    assert [(each.owner_type, each.owner_ref, each.qty) for each in shortage.holders] == [("cart", "C2", "2.000")]
    assert shortage.enough_at == shortage.earliest_release_at == other.expires_at


async def test_what_ran_out_is_counted_then_ended_once_and_its_owner_told(api: Any) -> None:
    await api.shop.stock(coffee="10")
    neighbour = await api.shop.neighbour()
    await neighbour.stock(coffee="10")
    await neighbour.hold("N", coffee="1")
    [over] = await reserve(api, "C1", coffee="3")
    await api.shop.pass_time()
    await reserve(api, "C2", coffee="1")
    assert await cleanup(api, dry_run=True) == 1
    assert (await api.shop.level("coffee"))[1] == 4
    assert (await cleanup(api), await cleanup(api), await cleanup(api, dry_run=True)) == (1, 0, 0)
    assert (await api.shop.level("coffee"))[1] == 1
    assert (await neighbour.level("coffee"))[1] == 1
    [event] = await told(api, ReservationsExpired)
    assert (event.owner_type, event.owner_ref) == ("cart", "C1")
    assert [(each.id, each.sku, each.location, each.qty) for each in event.reservations] == [
        (over.id, "coffee", "main", "3.000")
    ]


async def test_an_operator_ends_what_ran_out_of_every_business(api: Any) -> None:
    for shop in (api.shop, await api.shop.neighbour()):
        await shop.stock(coffee="10")
        await shop.hold("S1", coffee="1")
    await api.shop.pass_time()
    api.shop = Shop(api.shop.database, NO_BUSINESS)
    assert (await cleanup(api, dry_run=True), await cleanup(api), await cleanup(api)) == (2, 2, 0)


async def test_whoever_needs_the_units_first_tells_the_owner_that_his_time_was_up(api: Any) -> None:
    await api.shop.stock(coffee="3")
    await reserve(api, "C1", coffee="3")
    await api.shop.pass_time()
    await reserve(api, "C2", coffee="3")
    assert [event.owner_ref for event in await told(api, ReservationsExpired)] == ["C1"]
    assert not await api.shop.sweep()
    assert len(await told(api, ReservationsExpired)) == 1


async def test_a_storefront_shows_what_it_has_and_who_holds_it(api: Any) -> None:
    await api.shop.stock(coffee="50", tea="0")
    await api.shop.stock(location="spare", coffee="7")
    [made] = await reserve(api, "SALE-1", coffee="5")
    await reserve(api, "ORD-1", OWNER_TYPE_ORDER, ttl=60, coffee="1.5")
    await reserve(api, "OLD", coffee="9")
    await api.shop.rows("update reservations set expires_at = now() where owner_ref = 'OLD'")
    found = await storefront(api, "main", "coffee")
    assert (found.total_available, found.reserved_quantity, found.unreserved_quantity) == ("50.000", "6.500", "43.500")
    assert [(each.owner_ref, each.sale_id, each.quantity) for each in found.reservations] == [
        ("ORD-1", "", "1.500"), ("SALE-1", "SALE-1", "5.000")
    ]  # fmt: skip
    assert (found.reservations[1].id, found.reservations[1].expires_at) == (made.id, made.expires_at)
    nothing = await storefront(api, "main", "tea")
    assert Decimal(nothing.total_available) == Decimal(nothing.unreserved_quantity) == 0
    for place, sku in (("ghost", "coffee"), ("main", "ghost")):
        with pytest.raises(NotFound):
            await storefront(api, place, sku)


async def storefront(api: Any, code: str, sku: str) -> Any:
    """What a storefront has of a SKU."""
    request = stock_pb2.GetStorefrontAvailabilityRequest(code=code, sku=sku)
    return await api.call(api.stock.GetStorefrontAvailability, request)
