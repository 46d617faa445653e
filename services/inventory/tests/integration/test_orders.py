"""stock.commit and stock.release: the units of an order leave once and come back once, whichever is asked for first."""

import asyncio
from typing import Any
from uuid import uuid4

from comanda.inventory.directives.v1.directives_pb2 import Hold
from comanda.inventory.events.v1.events_pb2 import AwaitedStockArrived, StockCommitted, StockReleased
from comanda.types.v1.messaging_pb2 import OUTCOME_DONE, OUTCOME_FAILED, Envelope
from kit.testing import eventually


async def published(shop: Any, kind: Any) -> list[Any]:
    """The events of one type in the outbox, in order."""
    rows = await shop.rows("select message from outbox where subject like $1 order by position", f"%{kind.__name__}%")
    return [kind.FromString(Envelope.FromString(row["message"]).payload) for row in rows]


async def test_the_units_of_an_order_leave(shop: Any) -> None:
    await shop.stock(coffee="10", milk="5")
    await shop.order("O1", coffee="3", milk="1.5")
    assert [float(each) for each in await shop.level("coffee")] == [7, 0]
    assert [float(each) for each in await shop.level("milk")] == [3.5, 0]
    assert [(kind, float(qty)) for kind, qty in await shop.moved("O1")] == [("commit", -3), ("commit", -1.5)]
    rows = await shop.rows("select status, qty, qty_fulfilled, order_ref, fulfilled_at from reservations")
    assert {(row["status"], row["order_ref"], row["qty"] == row["qty_fulfilled"]) for row in rows} == {
        ("committed", "O1", True)
    }
    [event] = await published(shop, StockCommitted)
    assert [(line.sku, line.qty_delta, line.location) for line in event.lines] == [
        ("coffee", "-3.000", "main"),
        ("milk", "-1.500", "main"),
    ]
    await shop.check()


async def test_a_second_commit_of_an_order_takes_nothing_more(shop: Any) -> None:
    await shop.stock(coffee="10")
    holds = await shop.order("O1", coffee="3")
    assert (await shop.commit("O1", "O1", holds)).outcome == OUTCOME_DONE
    assert await shop.level("coffee") == (7, 0)
    assert len(await shop.moved("O1")) == 1


async def test_the_same_order_twice_in_a_batch_leaves_once(shop: Any) -> None:
    await shop.stock(coffee="10")
    holds = (await shop.hold("S1", coffee="3")).holds
    asked = shop.committing("O1", "S1", holds)
    settled = await shop.settle(shop.arrived(asked), shop.arrived(asked, attempt=2))
    assert [each.outcome for each in settled] == [OUTCOME_DONE, OUTCOME_DONE]
    assert await shop.level("coffee") == (7, 0)


async def test_entries_without_an_id_are_passed_over_and_the_session_is_looked_up(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.hold("S1", coffee="3")
    assert (await shop.commit("O1", "S1", [Hold(sku="coffee", qty="3")])).outcome == OUTCOME_DONE
    assert await shop.level("coffee") == (7, 0)


async def test_an_order_whose_session_held_nothing_is_done(shop: Any) -> None:
    assert (await shop.commit("O1", "S1")).outcome == OUTCOME_DONE
    assert await shop.moved("O1") == []


async def test_a_hold_that_never_was_fails_and_so_does_a_garbled_one(shop: Any) -> None:
    for hold_id in (str(uuid4()), "garbage"):
        settled = await shop.commit("O1", "S1", [Hold(hold_id=hold_id, qty="1")])
        assert (settled.outcome, settled.error_code) == (OUTCOME_FAILED, "unknown_hold")


async def test_a_hold_past_its_time_that_nobody_needed_is_still_good(shop: Any) -> None:
    await shop.stock(coffee="3")
    holds = (await shop.hold("S1", coffee="3")).holds
    await shop.pass_time()
    assert (await shop.commit("O1", "S1", holds)).outcome == OUTCOME_DONE
    assert await shop.level("coffee") == (0, 0)
    await shop.check()


async def test_units_are_taken_anew_when_the_hold_was_swept(shop: Any) -> None:
    await shop.stock(coffee="3")
    await shop.stock(location="spare", coffee="1")
    holds = (await shop.hold("S1", coffee="3")).holds
    await shop.pass_time()
    await shop.sweep()
    await shop.hold("S2", coffee="1")
    assert (await shop.commit("O1", "S1", holds)).outcome == OUTCOME_DONE
    assert await shop.level("coffee") == (1, 1)
    assert await shop.level("coffee", "spare") == (0, 0)
    assert sorted(float(qty) for _, qty in await shop.moved("O1")) == [-2, -1]
    await shop.check()


async def test_nothing_of_an_order_leaves_when_a_lost_hold_cannot_be_replaced(shop: Any) -> None:
    await shop.stock(coffee="3", milk="5")
    holds = list((await shop.hold("S1", coffee="3", milk="2")).holds)
    await shop.rows("update reservations set expires_at = now() where sku = 'coffee'")
    await shop.sweep()
    await shop.hold("S2", coffee="1")
    settled = await shop.commit("O1", "S1", holds)
    assert (settled.outcome, settled.error_code) == (OUTCOME_FAILED, "insufficient_stock")
    assert "coffee" in settled.error
    assert await shop.level("milk") == (5, 2)
    assert await shop.moved("O1") == []
    await shop.release(session="S2")
    assert (await shop.commit("O1", "S1", holds)).outcome == OUTCOME_DONE
    assert await shop.level("coffee") == (0, 0)
    assert await shop.level("milk") == (3, 0)
    await shop.check()


async def test_holds_of_others_that_ran_out_make_way_for_a_lost_one(shop: Any) -> None:
    await shop.stock(coffee="3")
    holds = (await shop.hold("S1", coffee="3")).holds
    await shop.pass_time()
    await shop.hold("S2", coffee="3")
    assert (await shop.commit("O1", "S1", holds)).outcome == OUTCOME_FAILED
    await shop.pass_time()
    assert (await shop.commit("O1", "S1", holds)).outcome == OUTCOME_DONE
    assert await shop.statuses("S2") == ["expired"]
    await shop.check()


async def test_cancelling_brings_the_units_back_exactly_once(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.order("O1", coffee="3")
    for _ in range(2):
        assert (await shop.release("O1", "O1")).outcome == OUTCOME_DONE
    assert await shop.level("coffee") == (10, 0)
    assert [(kind, float(qty)) for kind, qty in await shop.moved("O1")] == [("commit", -3), ("return", 3)]
    [event] = await published(shop, StockReleased)
    assert (event.order_ref, event.session_key, [line.qty_delta for line in event.lines]) == ("O1", "O1", ["3.000"])
    await shop.check()


async def test_a_release_that_knows_only_the_order_brings_its_units_back(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.order("O1", coffee="3")
    await shop.release("O1")
    assert await shop.level("coffee") == (10, 0)


async def test_a_commit_that_comes_after_the_release_takes_nothing(shop: Any) -> None:
    await shop.stock(coffee="10")
    holds = (await shop.hold("S1", coffee="3")).holds
    await shop.release("O1", "S1")
    assert await shop.level("coffee") == (10, 0)
    assert (await shop.commit("O1", "S1", holds)).outcome == OUTCOME_DONE
    assert await shop.level("coffee") == (10, 0)
    assert await shop.moved("O1") == []


async def test_a_commit_after_a_release_that_did_not_know_the_session_gives_the_holds_up(shop: Any) -> None:
    await shop.stock(coffee="10")
    holds = (await shop.hold("S1", coffee="3")).holds
    await shop.release("O1")
    assert await shop.level("coffee") == (10, 3)
    assert (await shop.commit("O1", "S1", holds)).outcome == OUTCOME_DONE
    assert await shop.level("coffee") == (10, 0)
    assert await shop.statuses("S1") == ["released"]
    await shop.check()


async def test_commit_and_release_at_once_end_with_everything_back(shop: Any) -> None:
    await shop.stock(coffee="100")
    for n in range(10):
        holds = (await shop.hold(f"S{n}", coffee="3")).holds
        await asyncio.gather(shop.commit(f"O{n}", f"S{n}", holds), shop.release(f"O{n}", f"S{n}"))
    assert await shop.level("coffee") == (100, 0)
    await shop.check()


async def test_giving_a_session_up_frees_its_holds_and_nothing_else(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.hold("S1", coffee="3")
    await shop.hold("S2", coffee="4")
    await shop.release(session="S1")
    assert await shop.level("coffee") == (10, 4)
    assert await shop.statuses("S1") == ["released"]
    [event] = await published(shop, StockReleased)
    assert (event.order_ref, event.session_key, list(event.lines)) == ("", "S1", [])


async def test_a_release_that_names_nobody_is_done_and_holds_up_no_other(shop: Any) -> None:
    assert (await shop.release()).outcome == OUTCOME_DONE


async def test_a_release_of_what_holds_nothing_is_done_and_tells_nobody(shop: Any) -> None:
    assert (await shop.release("O9", "S9")).outcome == OUTCOME_DONE
    assert await published(shop, StockReleased) == []


async def test_a_batch_of_orders_of_two_businesses_leaves_together(shop: Any) -> None:
    other = await shop.neighbour()
    batch = []
    for each in (shop, other):
        await each.stock(coffee="10")
        for n in range(3):
            holds = (await each.hold(f"S{n}", coffee="2")).holds
            batch.append(each.arrived(each.committing(f"O{n}", f"S{n}", holds)))
    settled = await shop.settle(*batch)
    assert {each.outcome for each in settled} == {OUTCOME_DONE}
    assert await shop.level("coffee") == await other.level("coffee") == (4, 0)
    await shop.check()


async def test_the_order_of_another_business_is_another_order(shop: Any) -> None:
    other = await shop.neighbour()
    await shop.stock(coffee="10")
    await shop.order("O1", coffee="3")
    await other.release("O1", "O1")
    assert await shop.level("coffee") == (7, 0)


async def test_an_order_that_a_lost_race_left_with_one_locked_shelf_looks_again(shop: Any) -> None:
    """The hold ends while the commit waits for its shelf; the units are then found at another location."""
    await shop.stock(coffee="3")
    await shop.stock(location="spare", coffee="3")
    holds = (await shop.hold("S1", coffee="3")).holds
    async with shop.database.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("select 1 from stock where location = 'main' for update")
        waiting = asyncio.ensure_future(shop.commit("O1", "S1", holds))
        await eventually(shop.waits)
        await connection.execute("update reservations set status = 'expired'")
        await connection.execute("update stock set reserved = 0")
        await connection.execute(
            """
            insert into movements (business_id, id, type, sku, location, qty_delta, reference, reason, lot, supplier,
                actor, created_at)
            values ($1, $2, 'adjustment', 'coffee', 'main', -3, '', 'lost', '', '', 'test', now())
            """,
            shop.business, uuid4(),
        )  # fmt: skip
        await connection.execute("update stock set on_hand = 0 where location = 'main'")
        await transaction.commit()
    assert (await waiting).outcome == OUTCOME_DONE
    assert await shop.level("coffee", "spare") == (0, 0)
    await shop.check()


PROMISE = "update stock set backorder_limit = 9 where business_id = $1"


async def awaited(shop: Any) -> list[str]:
    """The orders that were told that goods have come in for them, in order."""
    return [event.order_ref for event in await published(shop, AwaitedStockArrived)]


async def test_an_order_that_waits_for_goods_keeps_its_units_and_is_told_when_some_come(shop: Any) -> None:
    await shop.stock(coffee="3", tea="1")
    await shop.rows(PROMISE, shop.business)
    await shop.hold("S1", coffee="5", tea="1")
    for _ in range(2):
        assert (await shop.commit("ORD-1", "S1")).error_code == "backordered"
    await shop.pass_time()
    await shop.sweep()
    assert (await shop.level("coffee"), await shop.level("tea")) == ((3, 5), (1, 1))
    await shop.stock(tea="1")
    assert await awaited(shop) == []
    await shop.stock(coffee="1")
    assert await awaited(shop) == ["ORD-1"]
    assert (await shop.commit("ORD-1", "S1")).error_code == "backordered"
    await shop.stock(coffee="4")
    assert await awaited(shop) == ["ORD-1", "ORD-1"]
    assert (await shop.commit("ORD-1", "S1")).outcome == OUTCOME_DONE
    await shop.stock(coffee="1")
    assert await awaited(shop) == ["ORD-1", "ORD-1"]
    await shop.check()


async def test_units_that_come_back_are_told_to_all_who_wait_but_not_to_who_gave_up(shop: Any) -> None:
    await shop.stock(coffee="3")
    await shop.rows(PROMISE, shop.business)
    await shop.order("ORD-0", coffee="3")
    for number in (3, 2, 1):
        await shop.hold(f"S{number}", coffee="1")
        assert (await shop.commit(f"ORD-{number}", f"S{number}")).error_code == "backordered"
    await shop.release("ORD-2", "S2")
    await shop.release("ORD-0")
    assert await awaited(shop) == ["ORD-3", "ORD-1"]
    await shop.check()
