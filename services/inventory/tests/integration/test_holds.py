"""stock.hold: a session holds all of its lines or none, in place of what it held before."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from comanda.inventory.directives.v1.directives_pb2 import HoldStockItem
from comanda.types.v1.messaging_pb2 import OUTCOME_DONE, OUTCOME_FAILED


async def test_a_session_holds_all_of_its_lines(shop: Any) -> None:
    await shop.stock(coffee="10", milk="2.5")
    held = await shop.hold("S1", coffee="3", milk="1.25")
    assert [(hold.sku, hold.qty, hold.location) for hold in held.holds] == [
        ("coffee", "3.000", "main"),
        ("milk", "1.250", "main"),
    ]
    assert (held.session_key, held.channel_code, held.rev) == ("S1", "counter", 1)
    assert not held.shortages
    assert await shop.level("coffee") == (10, 3)
    assert await shop.level("milk") == (Decimal("2.5"), Decimal("1.25"))
    await shop.check()


async def test_the_hold_lives_longer_than_the_session_is_told(shop: Any) -> None:
    await shop.stock(coffee="10")
    held = await shop.hold("S1", ttl=60, coffee="3")
    [row] = await shop.rows("select created_at, expires_at from reservations")
    told = held.hold_expires_at.ToDatetime(UTC)
    assert abs(told - row["created_at"] - timedelta(seconds=60)) < timedelta(milliseconds=1)
    assert row["expires_at"] - told == timedelta(minutes=10)


async def test_a_hold_is_good_for_fifteen_minutes_unless_said_otherwise(shop: Any) -> None:
    await shop.stock(coffee="10")
    held = await shop.hold("S1", coffee="3")
    left = held.hold_expires_at.ToDatetime(UTC) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15, seconds=1)


async def test_a_line_that_is_short_leaves_the_session_with_nothing(shop: Any) -> None:
    await shop.stock(coffee="10", milk="1")
    await shop.hold("S1", coffee="4")
    held = await shop.hold("S1", rev=2, coffee="3", milk="2")
    [short] = held.shortages
    assert (short.line_id, short.sku, short.requested_qty, short.available_qty) == ("MILK", "milk", "2.000", "1.000")
    assert short.reason == "insufficient"
    assert not held.holds
    assert not held.HasField("hold_expires_at")
    assert await shop.level("coffee") == (10, 0)
    assert await shop.statuses("S1") == ["released"]
    await shop.check()


async def test_each_short_line_says_what_is_left_after_the_lines_before_it(shop: Any) -> None:
    await shop.stock(coffee="4")
    asked = shop.holding("S1")
    asked.items.extend(HoldStockItem(line_id=f"L{n}", sku="coffee", qty=str(n)) for n in (1, 2, 3, 4))
    [settled] = await shop.settle(asked)
    short = [(each.line_id, each.requested_qty, each.available_qty) for each in shop.result(settled).shortages]
    assert short == [("L3", "10.000", "1.000"), ("L4", "10.000", "0.000")]


async def test_a_shortage_says_when_the_next_hold_of_somebody_else_runs_out(shop: Any) -> None:
    await shop.stock(coffee="4")
    await shop.hold("S1", ttl=60, coffee="2")
    await shop.hold("S2", ttl=30, coffee="1")
    [short] = (await shop.hold("S2", rev=2, coffee="3")).shortages
    [first] = await shop.rows("select expires_at from reservations where owner_ref = 'S1'")
    assert short.earliest_release_at.ToDatetime(UTC) == first["expires_at"]


async def test_unknown_and_inactive_products_are_shortages_with_a_reason_of_their_own(shop: Any) -> None:
    await shop.stock(coffee="4", tea="4", rare="0")
    await shop.rows("update products set is_active = false where sku = 'tea'")
    held = await shop.hold("S1", coffee="1", tea="1", rare="1", ghost="1")
    assert {(each.sku, each.reason) for each in held.shortages} == {
        ("tea", "unknown_sku"),
        ("rare", "insufficient"),
        ("ghost", "unknown_sku"),
    }
    assert await shop.level("coffee") == (4, 0)


async def test_a_quantity_between_two_steps_is_short_of_the_step(shop: Any) -> None:
    await shop.stock(step="1", box="10")
    [short] = (await shop.hold("S1", box="1.5")).shortages
    assert short.available_qty == "1.000"


async def test_a_sessions_own_hold_does_not_count_against_it(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.hold("S1", coffee="7")
    assert (await shop.hold("S2", coffee="4")).shortages
    assert not (await shop.hold("S1", rev=2, coffee="10")).shortages
    assert await shop.level("coffee") == (10, 10)
    await shop.check()


async def test_a_new_hold_moves_only_the_difference(shop: Any) -> None:
    await shop.stock(coffee="10", milk="10", tea="10")
    before = {hold.sku: hold.hold_id for hold in (await shop.hold("S1", coffee="2", milk="2")).holds}
    after = {hold.sku: (hold.hold_id, hold.qty) for hold in (await shop.hold("S1", rev=2, coffee="5", tea="1")).holds}
    assert after["coffee"] == (before["coffee"], "5.000")
    assert set(after) == {"coffee", "tea"}
    assert await shop.statuses("S1") == ["active", "released", "active"]
    assert [await shop.level(sku) for sku in ("coffee", "milk", "tea")] == [(10, 5), (10, 0), (10, 1)]
    await shop.check()


async def test_a_hold_stays_at_its_location_when_it_grows(shop: Any) -> None:
    await shop.stock(location="spare", coffee="10")
    await shop.hold("S1", coffee="2")
    await shop.stock(coffee="10")
    [hold] = (await shop.hold("S1", rev=2, coffee="3")).holds
    assert (hold.location, hold.qty) == ("spare", "3.000")


async def test_without_any_line_the_session_holds_nothing(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.hold("S1", coffee="2")
    held = await shop.hold("S1", rev=2)
    assert not held.holds
    assert not held.shortages
    assert await shop.level("coffee") == (10, 0)


async def test_the_location_of_the_smallest_priority_that_has_it_all_serves(shop: Any) -> None:
    await shop.stock(coffee="3")
    await shop.stock(location="spare", coffee="5")
    [hold] = (await shop.hold("S1", coffee="3")).holds
    assert hold.location == "main"
    [hold] = (await shop.hold("S2", coffee="4")).holds
    assert hold.location == "spare"


async def test_a_line_is_split_when_no_location_has_it_all(shop: Any) -> None:
    await shop.stock(coffee="3")
    await shop.stock(location="spare", coffee="5")
    held = await shop.hold("S1", coffee="7")
    assert [(hold.location, hold.qty) for hold in held.holds] == [("main", "3.000"), ("spare", "4.000")]
    await shop.check()


async def test_an_inactive_location_holds_nothing_for_anybody(shop: Any) -> None:
    await shop.stock(location="spare", coffee="5")
    await shop.rows("update locations set is_active = false where code = 'spare'")
    [short] = (await shop.hold("S1", coffee="1")).shortages
    assert (short.available_qty, short.reason) == ("0.000", "insufficient")


async def test_a_repeated_directive_changes_nothing(shop: Any) -> None:
    await shop.stock(coffee="10")
    first = await shop.hold("S1", coffee="3")
    second = await shop.hold("S1", coffee="3")
    assert [hold.hold_id for hold in first.holds] == [hold.hold_id for hold in second.holds]
    assert await shop.level("coffee") == (10, 3)


async def test_an_older_revision_that_comes_late_does_not_undo_the_newer(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.hold("S1", rev=3, coffee="3")
    [late] = await shop.settle(shop.holding("S1", rev=2, coffee="9"))
    assert (late.outcome, late.error_code) == (OUTCOME_FAILED, "stale_rev")
    assert await shop.level("coffee") == (10, 3)


async def test_two_revisions_in_one_batch_leave_the_newer_in_any_order(shop: Any) -> None:
    await shop.stock(coffee="10")
    newer, older = await shop.settle(shop.holding("S1", rev=2, coffee="2"), shop.holding("S1", rev=1, coffee="9"))
    assert (newer.outcome, older.error_code) == (OUTCOME_DONE, "stale_rev")
    assert await shop.level("coffee") == (10, 2)


async def test_one_directive_twice_in_a_batch_has_one_effect(shop: Any) -> None:
    await shop.stock(coffee="10")
    asked = shop.holding("S1", coffee="2")
    first, second = await shop.settle(shop.arrived(asked), shop.arrived(asked, attempt=2))
    assert shop.result(first) == shop.result(second)
    assert await shop.level("coffee") == (10, 2)


async def test_a_repeat_that_comes_after_the_order_holds_nothing(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.order("S1", coffee="3")
    [late] = await shop.settle(shop.holding("S1", coffee="3"))
    assert late.error_code == "stale_rev"
    assert await shop.level("coffee") == (7, 0)


async def test_a_hold_that_comes_after_the_session_was_given_up_holds_nothing(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.release(session="S1")
    [late] = await shop.settle(shop.holding("S1", rev=5, coffee="3"))
    assert late.error_code == "stale_rev"
    assert await shop.level("coffee") == (10, 0)


async def test_a_hold_that_ran_out_is_free_at_once_without_a_sweep(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.hold("S1", coffee="10")
    assert (await shop.hold("S2", coffee="1")).shortages
    await shop.pass_time()
    assert not (await shop.hold("S2", rev=2, coffee="10")).shortages
    assert await shop.statuses("S1") == ["expired"]
    assert await shop.level("coffee") == (10, 10)
    await shop.check()


async def test_a_sessions_own_hold_that_ran_out_is_taken_up_again(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.hold("S1", coffee="10")
    await shop.pass_time()
    assert not (await shop.hold("S1", rev=2, coffee="10")).shortages
    assert await shop.statuses("S1") == ["active"]
    await shop.check()


async def test_one_that_cannot_be_read_does_not_spoil_the_batch(shop: Any) -> None:
    await shop.stock(coffee="10")
    bad = shop.holding("S2", coffee="many")
    first, second, third = await shop.settle(shop.holding("S1", coffee="1"), bad, shop.holding("S3", coffee="2"))
    assert (first.outcome, third.outcome) == (OUTCOME_DONE, OUTCOME_DONE)
    assert (second.outcome, second.error_code) == (OUTCOME_FAILED, "invalid_qty")
    assert await shop.level("coffee") == (10, 3)


async def test_a_batch_serves_sessions_and_businesses_in_the_order_of_their_arrival(shop: Any) -> None:
    other = await shop.neighbour()
    await shop.stock(coffee="5")
    await other.stock(coffee="2")
    batch = [
        shop.arrived(shop.holding("S1", coffee="3")),
        other.arrived(shop.holding("S1", coffee="2")),
        shop.arrived(shop.holding("S2", coffee="3")),
        shop.arrived(shop.holding("S3", coffee="2")),
    ]
    results = [shop.result(each) for each in await shop.settle(*batch)]
    assert [bool(each.holds) for each in results] == [True, True, False, True]
    assert await shop.level("coffee") == (5, 5)
    assert await other.level("coffee") == (2, 2)
    await shop.check()


async def test_the_same_session_key_on_two_channels_is_two_sessions(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.hold("S1", coffee="3")
    elsewhere = shop.holding("S1", coffee="4")
    elsewhere.channel_code = "web"
    await shop.settle(elsewhere)
    assert await shop.level("coffee") == (10, 7)


async def test_a_thousand_buyers_of_a_hundred_units_get_exactly_a_hundred(shop: Any) -> None:
    await shop.stock(coffee="100")

    async def buy(start: int) -> int:
        asked = (shop.holding(f"S{n}", coffee="1") for n in range(start, start + 10))
        return sum(bool(shop.result(each).holds) for each in await shop.settle(*asked))

    got = await asyncio.gather(*(buy(start) for start in range(0, 1000, 10)))
    assert sum(got) == 100
    assert await shop.level("coffee") == (100, 100)
    await shop.check()
