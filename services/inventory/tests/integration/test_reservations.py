"""ReservationService: units held by name."""

from datetime import UTC, timedelta
from typing import Any
from uuid import uuid4

import pytest

from comanda.inventory.v1 import reservations_pb2 as pb
from comanda.inventory.v1.reservations_pb2 import OWNER_TYPE_CART, OWNER_TYPE_ORDER, OWNER_TYPE_SESSION
from comanda.types.v1.messaging_pb2 import OUTCOME_DONE
from kit.errors import DomainError, Invalid, NotFound, Refused

ACTIVE, COMMITTED = pb.RESERVATION_STATUS_ACTIVE, pb.RESERVATION_STATUS_COMMITTED
RELEASED, EXPIRED = pb.RESERVATION_STATUS_RELEASED, pb.RESERVATION_STATUS_EXPIRED


async def reserve(
    api: Any, *lines: tuple[str, ...], owner: int = OWNER_TYPE_CART, ref: str = "C1", **fields: Any
) -> Any:
    """Reserves lines given as SKU, quantity, and perhaps a location."""
    wanted = [pb.ReservationLine(**dict(zip(("sku", "qty", "location"), line, strict=False))) for line in lines]
    request = pb.CreateReservationRequest(owner_type=owner, owner_ref=ref, lines=wanted, **fields)
    return list((await api.call(api.reservations.CreateReservation, request)).reservations)


async def do(api: Any, what: str, identifier: str) -> Any:
    """Reads, commits, or releases one reservation."""
    request = getattr(pb, f"{what}ReservationRequest")(id=identifier)
    return (await api.call(getattr(api.reservations, f"{what}Reservation"), request)).reservation


async def test_a_reservation_holds_units_for_as_long_as_is_usual_for_its_owner(api: Any) -> None:
    await api.shop.stock(coffee="10")
    for owner, ttl in (
        (OWNER_TYPE_SESSION, timedelta(minutes=15)),
        (OWNER_TYPE_CART, timedelta(minutes=30)),
        (OWNER_TYPE_ORDER, timedelta(days=7)),
    ):
        [made] = await reserve(api, ("coffee", "1"), owner=owner)
        assert made.expires_at.ToDatetime(UTC) - made.created_at.ToDatetime(UTC) == ttl
        assert (made.status, made.qty, made.qty_fulfilled, made.location) == (ACTIVE, "1.000", "0.000", "main")
        assert await do(api, "Get", made.id) == made
    [made] = await reserve(api, ("coffee", "1"), ttl_seconds=5)
    assert made.expires_at.ToDatetime(UTC) - made.created_at.ToDatetime(UTC) == timedelta(seconds=5)
    assert await api.shop.level("coffee") == (10, 4)


async def test_repeated_skus_are_summed_and_a_named_location_comes_first(api: Any) -> None:
    await api.shop.stock(coffee="3")
    await api.shop.stock(location="spare", coffee="3")
    made = await reserve(api, ("coffee", "1"), ("coffee", "2", "main"), ("coffee", "1"))
    assert [(each.location, each.qty) for each in made] == [("main", "2.000"), ("spare", "2.000")]
    await api.shop.check()


async def test_a_hold_that_ran_out_does_not_send_the_next_buyer_to_another_location(api: Any) -> None:
    await api.shop.stock(coffee="3")
    await api.shop.stock(location="spare", coffee="3")
    await reserve(api, ("coffee", "3"))
    await api.shop.pass_time()
    [made] = await reserve(api, ("coffee", "1"))
    held = await api.shop.hold("S1", coffee="2")
    assert (made.location, [each.location for each in held.holds]) == ("main", ["main"])
    await api.shop.check()


async def test_too_little_is_refused_with_the_short_lines_only(api: Any) -> None:
    await api.shop.stock(coffee="3", milk="9")
    [first] = await reserve(api, ("coffee", "1"), ref="C0", ttl_seconds=60)
    with pytest.raises(Refused, match="insufficient_stock") as refusal:
        await reserve(api, ("coffee", "3"), ("milk", "1"))
    [line] = refusal.value.context["lines"]
    assert (line["sku"], line["requested"], line["available"], line["location"]) == ("coffee", "3.000", "2.000", "")
    assert line["earliest_release_at"].startswith(first.expires_at.ToDatetime().isoformat()[:19])
    with pytest.raises(Refused) as refusal:
        await reserve(api, ("milk", "1", "spare"))
    [line] = refusal.value.context["lines"]
    assert (line["location"], line["available"], line["earliest_release_at"]) == ("spare", "0.000", None)
    assert await api.shop.level("milk") == (9, 0)


async def test_partial_gives_what_there_is_and_leaves_out_what_got_nothing(api: Any) -> None:
    await api.shop.stock(step="1", coffee="3", milk="0", tea="5")
    made = await reserve(api, ("coffee", "5"), ("milk", "1"), ("tea", "2"), allow_partial=True)
    assert [(each.sku, each.qty) for each in made] == [("coffee", "3.000"), ("tea", "2.000")]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (("ghost", "1"), "unknown_sku"),
        (("box", "1", "nowhere"), "unknown_location"),
        (("box", "0"), "invalid_qty"),
        (("box", "1.5"), "off_step"),
        (("old", "1"), "product_inactive"),
        (("box", "1", "spare"), "location_inactive"),
    ],
)
async def test_what_cannot_be_reserved_is_refused(api: Any, line: tuple[str, ...], code: str) -> None:
    await api.shop.stock(step="1", box="5", old="5")
    await api.shop.rows("update products set is_active = false where sku = 'old'")
    await api.shop.rows("update locations set is_active = false where code = 'spare'")
    with pytest.raises(DomainError, match=code):
        await reserve(api, ("box", "1"), line)
    assert await api.shop.level("box") == (5, 0)


async def test_the_same_request_id_reserves_once(api: Any) -> None:
    await api.shop.stock(coffee="5")
    first = await reserve(api, ("coffee", "2"), request_id="r1")
    assert await reserve(api, ("coffee", "2"), request_id="r1") == first
    assert await api.shop.level("coffee") == (5, 2)


async def test_a_commit_takes_the_units_once(api: Any) -> None:
    await api.shop.stock(coffee="5")
    [made] = await reserve(api, ("coffee", "2"), owner=OWNER_TYPE_ORDER, ref="O1")
    done = await do(api, "Commit", made.id)
    assert (done.status, done.qty_fulfilled) == (COMMITTED, "2.000")
    assert done.HasField("fulfilled_at")
    assert await do(api, "Commit", made.id) == done
    assert await do(api, "Release", made.id) == done
    assert await api.shop.level("coffee") == (3, 0)
    assert [(kind, int(qty)) for kind, qty in await api.shop.moved("O1")] == [("commit", -2)]
    await api.shop.check()


async def test_the_units_of_a_committed_reservation_come_back_with_its_order(api: Any) -> None:
    await api.shop.stock(coffee="5")
    made = await reserve(api, ("coffee", "2"), owner=OWNER_TYPE_ORDER, ref="O1")
    await reserve(api, ("coffee", "1"), owner=OWNER_TYPE_ORDER, ref="O1")
    await do(api, "Commit", made[0].id)
    assert (await api.shop.release("O1")).outcome == OUTCOME_DONE
    assert await api.shop.level("coffee") == (5, 0)
    await api.shop.check()


async def test_a_cart_that_is_committed_leaves_a_movement_of_its_own(api: Any) -> None:
    await api.shop.stock(coffee="5")
    [made] = await reserve(api, ("coffee", "2"))
    await do(api, "Commit", made.id)
    assert [(kind, int(qty)) for kind, qty in await api.shop.moved(made.id)] == [("commit", -2)]


async def test_a_reservation_past_its_time_shows_as_expired_and_can_only_be_released(api: Any) -> None:
    await api.shop.stock(coffee="5")
    [made] = await reserve(api, ("coffee", "2"))
    await api.shop.pass_time()
    assert (await do(api, "Get", made.id)).status == EXPIRED
    with pytest.raises(Refused, match="reservation_expired"):
        await do(api, "Commit", made.id)
    assert (await do(api, "Release", made.id)).status == EXPIRED
    assert (await do(api, "Release", made.id)).status == EXPIRED
    with pytest.raises(Refused, match="reservation_expired"):
        await do(api, "Commit", made.id)
    assert await api.shop.level("coffee") == (5, 0)
    await api.shop.check()


async def test_a_released_reservation_stays_released(api: Any) -> None:
    await api.shop.stock(coffee="5")
    [made] = await reserve(api, ("coffee", "2"))
    released = await do(api, "Release", made.id)
    assert released.status == RELEASED
    assert released.HasField("released_at")
    assert await do(api, "Release", made.id) == released
    with pytest.raises(Refused, match="reservation_released"):
        await do(api, "Commit", made.id)


async def test_what_is_nobodys_or_somebody_elses_is_not_found(api: Any) -> None:
    await api.shop.stock(coffee="5")
    [made] = await reserve(api, ("coffee", "2"))
    api.shop = await api.shop.neighbour()
    for what in ("Get", "Commit", "Release"):
        for identifier in (made.id, str(uuid4())):
            with pytest.raises(NotFound):
                await do(api, what, identifier)


async def test_an_owner_gives_up_all_that_he_holds(api: Any) -> None:
    await api.shop.stock(coffee="9", milk="9")
    await reserve(api, ("coffee", "2"), ("milk", "1"))
    await reserve(api, ("coffee", "1"), ref="C2")
    request = pb.ReleaseReservationsRequest(owner_type=OWNER_TYPE_CART, owner_ref="C1")
    assert (await api.call(api.reservations.ReleaseReservations, request)).released_count == 2
    assert (await api.call(api.reservations.ReleaseReservations, request)).released_count == 0
    assert await api.shop.level("coffee") == (9, 1)


@pytest.mark.parametrize("ref", ["S1", "counter/S1"])
async def test_a_session_is_named_with_or_without_its_channel(api: Any, ref: str) -> None:
    await api.shop.stock(coffee="9")
    await api.shop.hold("S1", coffee="2")
    elsewhere = pb.ReleaseReservationsRequest(owner_type=OWNER_TYPE_SESSION, owner_ref="web/S1")
    assert (await api.call(api.reservations.ReleaseReservations, elsewhere)).released_count == 0
    request = pb.ReleaseReservationsRequest(owner_type=OWNER_TYPE_SESSION, owner_ref=ref)
    assert (await api.call(api.reservations.ReleaseReservations, request)).released_count == 1


async def test_reservations_are_listed_newest_first_and_by_what_they_are(api: Any) -> None:
    await api.shop.stock(coffee="9", milk="9")
    await api.shop.stock(location="spare", milk="9")
    [first] = await reserve(api, ("coffee", "1"))
    [second] = await reserve(api, ("milk", "1", "spare"), ref="C2")
    [third] = await reserve(api, ("coffee", "1"), owner=OWNER_TYPE_ORDER, ref="O1")
    await do(api, "Commit", third.id)
    [fourth] = await reserve(api, ("coffee", "1"), ref="C4", ttl_seconds=3600)
    await api.shop.rows("update reservations set expires_at = now() where owner_ref = 'C4'")

    async def found(**fields: Any) -> list[str]:
        page = await api.call(api.reservations.ListReservations, pb.ListReservationsRequest(**fields))
        return [each.id for each in page.items]

    assert await found() == [fourth.id, third.id, second.id, first.id]
    assert await found(owner_type=OWNER_TYPE_CART, owner_ref="C1") == [first.id]
    assert await found(sku=["milk"], location=["spare"]) == [second.id]
    assert await found(status=[ACTIVE]) == [second.id, first.id]
    assert await found(status=[EXPIRED, COMMITTED]) == [fourth.id, third.id]
    request = pb.ListReservationsRequest(page_size=3, include_total=True)
    page = await api.call(api.reservations.ListReservations, request)
    assert page.total == 4
    assert await found(page_token=page.next_page_token) == [first.id]
    with pytest.raises(Invalid, match="invalid_page_token"):
        await found(page_token="WyJub25lIl0")
