"""Directives as an operator sees them: failed, tried again, sent again, cancelled (spec 1A.8)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from order_calls import committed, line, make_channel, modified, opened, refused
from outbound_calls import asked
from outbound_calls import directive as by_id

from comanda.inventory.directives.v1 import directives_pb2 as inventory
from comanda.inventory.events.v1.events_pb2 import AwaitedStockArrived
from comanda.orders.v1 import directives_pb2
from kit import outbox
from kit.db import Tx
from kit.directives import failed, retry
from kit.errors import NotFound, Refused
from kit.testing import eventually
from orders.operations import due
from orders.store import directives as store

MAKE_DUE = "update directives set due_at = now(), available_at = now() where topic = $1"


async def directive(hub: Any, topic: str) -> Any:
    request = directives_pb2.ListDirectivesRequest(topic=[topic])
    [found] = (await hub.call(hub.directives.ListDirectives, request)).items
    return found


async def settled(hub: Any, status: str, attempts: int, topic: str = "stock.commit") -> Any:
    """Returns the only directive of the topic once that many attempts have led to the status."""

    async def there() -> Any:
        found = await directive(hub, topic)
        return found if (found.status, found.attempts) == (status, attempts) else None

    return await eventually(there)


async def ordered(hub: Any) -> None:
    await make_channel(hub)
    await committed(hub, (await opened(hub, line("A"))).session_key)


async def test_o_d2_failures_are_tried_again_two_four_eight_and_sixteen_seconds_later_and_the_fifth_ends_it(
    hub: Any,
) -> None:
    hub.stock.refusals = [retry("busy", "x" * 900) for _ in range(5)]
    await ordered(hub)
    for attempt, seconds in enumerate((2, 4, 8, 16), 1):
        found = await settled(hub, "queued", attempt)
        pause = found.available_at.ToDatetime() - found.updated_at.ToDatetime()
        assert pause == timedelta(seconds=seconds)
        assert (found.error_code, len(found.last_error)) == ("busy", 500)
        await hub.rows(MAKE_DUE, "stock.commit")
    found = await settled(hub, "failed", 5)
    again = directives_pb2.RetryDirectiveRequest(id=found.id)
    assert (await hub.call(hub.directives.RetryDirective, again)).directive.status == "queued"
    await settled(hub, "done", 6)
    assert (await refused(hub.call(hub.directives.RetryDirective, again))).code == "directive_settled"


async def test_a_failure_for_good_is_not_tried_again_and_is_told(hub: Any) -> None:
    hub.stock.refusals = [failed("insufficient_stock", "sold out")]
    await ordered(hub)
    found = await settled(hub, "failed", 1)
    assert (found.error_code, found.last_error) == ("insufficient_stock", "sold out")


async def arrived(hub: Any, order_ref: str) -> None:
    """Lets inventory tell that goods have come in for an order."""

    async def tell(tx: Tx, _: object) -> None:
        event = AwaitedStockArrived(order_ref=order_ref)
        outbox.add(tx, f"order/{order_ref}", event, business=hub.business)

    await hub.process.database.run(tell)


async def test_an_order_that_waits_for_goods_goes_on_when_they_come(hub: Any) -> None:
    hub.stock.refusals = [failed("backordered", "nothing there"), failed("backordered", "too little")]
    await ordered(hub)
    ref = (await settled(hub, "failed", 1)).order_ref
    await arrived(hub, ref)
    await settled(hub, "failed", 2)
    await arrived(hub, ref)
    await settled(hub, "done", 3)
    await hub.process.database.run(lambda tx, _: due.resume(tx, [(hub.business, ref)]))
    assert (await directive(hub, "stock.commit")).attempts == 3


async def test_goods_that_come_before_their_lack_is_told_are_not_missed(hub: Any) -> None:
    hub.stock.refusals = [failed("backordered", "nothing there")]
    await make_channel(hub)
    key = (await opened(hub, line("A"))).session_key
    await settled(hub, "done", 1, "stock.hold")
    hub.stock.answers.clear()
    await committed(hub, key)
    await arrived(hub, (await directive(hub, "stock.commit")).order_ref)
    await settled(hub, "running", 2)
    hub.stock.answers.set()
    await settled(hub, "done", 2)


async def test_goods_do_not_revive_what_failed_for_another_reason_or_was_cancelled(hub: Any) -> None:
    hub.stock.refusals = [failed("insufficient_stock", "sold out")]
    await ordered(hub)
    found = await settled(hub, "failed", 1)
    for _ in range(2):
        await hub.process.database.run(lambda tx, _: due.resume(tx, [(hub.business, found.order_ref)]))
        assert (await directive(hub, "stock.commit")).attempts == 1
        await hub.call(hub.directives.CancelDirective, directives_pb2.CancelDirectiveRequest(id=found.id))


async def test_o_d3_work_whose_executor_never_answered_is_sent_again_when_its_lease_is_over(hub: Any) -> None:
    await make_channel(hub)
    hub.stock.answers.clear()
    await opened(hub, line("A"))
    found = await directive(hub, "stock.hold")
    assert (found.status, found.attempts) == ("running", 1)
    hub.stock.answers.set()
    await hub.rows("update directives set due_at = now() - interval '1 second', leased_until = now()")

    async def done() -> bool:
        return (await directive(hub, "stock.hold")).status == "done"

    await eventually(done)
    assert {message.rev for message in hub.stock.seen} == {1}


async def test_o_k5_nothing_is_held_that_no_session_wants(hub: Any) -> None:
    await make_channel(hub)
    key = (await opened(hub, line("A"))).session_key

    async def ended(key: str, rev: int) -> tuple[str, str, str]:
        payload = {
            "session_key": key,
            "channel_code": "web",
            "rev": rev,
            "items": [{"line_id": "L", "sku": "A", "qty": "1"}],
        }
        found = await by_id(hub, await asked(hub, "stock.hold", payload), "done", "failed")
        return found.status, found.error_code, found.last_error

    assert await ended("SESS-NONE", 1) == ("failed", "session_not_found", "Session not found")
    assert await ended(key, 999) == ("failed", "stale_rev", "Stale directive: expected rev 999, found 1")
    assert await ended(key, 1) == ("done", "", "")
    await modified(hub, key, line("B"))
    await committed(hub, key)
    assert await ended(key, 2) == ("done", "", "")
    held = [(each.session_key, each.rev) for each in hub.stock.seen if isinstance(each, inventory.HoldStock)]
    assert held == [(key, 1), (key, 1), (key, 2)]


async def test_a_business_with_a_flood_of_due_work_does_not_hold_up_another(hub: Any) -> None:
    token, later = hub.token_for(uuid4()), datetime.now(UTC) + timedelta(hours=1)
    mine = await asked(hub, "stock.release", {"order_ref": "MINE"}, token=token, available_at=later)
    await hub.rows(
        """
        insert into directives (business_id, id, topic, status, payload, order_ref, channel_code, session_key, attempts,
            available_at, due_at, created_at, updated_at)
        select $1, uuidv7(), 'stock.release', 'queued', '{}', 'FLOOD', '', '', 0, now(), now() - interval '1 hour', now(), now()
        from generate_series(1, 5000)
        """,
        hub.business,
    )
    await hub.rows("update directives set due_at = now() where id = $1", UUID(mine))
    await by_id(hub, mine, "done", token=token)
    [row] = await hub.rows("select count(*) as count from directives where order_ref = 'FLOOD' and attempts = 0")
    assert row["count"] > 0


async def test_what_is_cancelled_is_not_sent_any_more(hub: Any) -> None:
    hub.stock.refusals = [retry("busy", "later")]
    await ordered(hub)
    found = await settled(hub, "queued", 1)
    request = directives_pb2.CancelDirectiveRequest(id=found.id)
    for _ in range(2):
        assert (await hub.call(hub.directives.CancelDirective, request)).directive.status == "cancelled"
    await hub.rows(MAKE_DUE, "stock.commit")
    again = directives_pb2.RetryDirectiveRequest(id=found.id)
    assert type(await refused(hub.call(hub.directives.RetryDirective, again))) is Refused
    assert (await directive(hub, "stock.commit")).attempts == 1


@pytest.mark.parametrize("call", ["GetDirective", "RetryDirective", "CancelDirective"])
async def test_an_unknown_directive_is_not_found(hub: Any, call: str) -> None:
    request = getattr(directives_pb2, f"{call}Request")(id="01890000-0000-7000-8000-000000000000")
    assert type(await refused(hub.call(getattr(hub.directives, call), request))) is NotFound


async def test_the_measure_of_the_queue_is_the_age_of_what_has_been_due_longest(hub: Any) -> None:
    await ordered(hub)
    await settled(hub, "done", 1)
    aged = "update directives set status = 'queued', due_at = now(), available_at = now() - interval '10 minutes'"

    async with hub.process.database.pool.acquire() as connection:
        tx = Tx(connection)
        tx.now = datetime.now(UTC)
        assert await store.oldest_seconds(tx) < 60
        undone = connection.transaction()
        await undone.start()
        await connection.execute(aged)
        assert 600 <= await store.oldest_seconds(tx) < 660
        await undone.rollback()
