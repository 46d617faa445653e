"""Whoever comes to a session at the same time: one order of what the session was, or none, and nothing twice."""

import asyncio
from datetime import timedelta
from typing import Any

from order_calls import FREE, committed, line, make_channel, modified, opened, order_of

from comanda.orders.v1 import sessions_pb2
from kit.errors import DomainError
from orders.operations.idle import abandon_idle

ROUNDS = 8
OVER = {"", "already_committed", "already_abandoned", "abandoned"}


async def session_of(hub: Any, key: str) -> Any:
    return (await hub.call(hub.sessions.GetSession, sessions_pb2.GetSessionRequest(session_key=key))).session


async def abandoned(hub: Any, key: str) -> Any:
    request = sessions_pb2.AbandonSessionRequest(session_key=key, channel_code="web")
    return (await hub.call(hub.sessions.AbandonSession, request)).session


async def merged(hub: Any, key: str, taken: str) -> Any:
    request = sessions_pb2.MergeSessionsRequest(session_key=key, channel_code="web", from_session_key=taken)
    return (await hub.call(hub.sessions.MergeSessions, request)).session


async def split(hub: Any, key: str, line_id: str) -> Any:
    parts = [sessions_pb2.SplitLine(line_id=line_id)]
    request = sessions_pb2.SplitSessionRequest(session_key=key, channel_code="web", lines=parts)
    return (await hub.call(hub.sessions.SplitSession, request)).new_session


async def at_once(*calls: Any) -> list[Any]:
    """Returns how each of the calls ended; only refusals that say so are endings."""
    ends = await asyncio.gather(*calls, return_exceptions=True)
    unplanned = [end for end in ends if isinstance(end, BaseException) and not isinstance(end, DomainError)]
    assert not unplanned
    return list(ends)


def codes(ends: list[Any]) -> set[str]:
    return {end.code if isinstance(end, DomainError) else "" for end in ends}


async def test_an_order_has_what_its_session_had_when_it_was_committed(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    for _ in range(ROUNDS):
        key = (await opened(hub, line("A"))).session_key
        ends = await at_once(committed(hub, key), modified(hub, key, line("B")), modified(hub, key, line("C")))
        assert codes(ends) <= OVER
        session, order = await session_of(hub, key), await order_of(hub, ends[0].order_ref)
        assert [item.sku for item in order.items] == [item.sku for item in session.items]
        assert (order.total_q, order.snapshot["rev"]) == (session.total_q, session.rev)


async def test_a_session_is_committed_or_given_up_and_never_both(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    keys = [(await opened(hub, line("A"))).session_key for _ in range(ROUNDS)]
    await hub.rows("update sessions set updated_at = now() - interval '2 days'")

    async def sweep() -> bool:
        return bool(await hub.process.database.run(lambda tx, _: abandon_idle(tx, timedelta(days=1))))

    ends = await at_once(
        *(call(hub, key) for key in keys for call in (committed, abandoned)), *(sweep() for _ in range(3))
    )
    assert codes(ends) <= OVER
    rows = await hub.rows("""select s.state, count(o.ref) as orders from sessions s
        left join orders o on o.session_key = s.session_key group by s.business_id, s.session_key, s.state""")
    assert {(row["state"], row["orders"]) for row in rows} <= {("committed", 1), ("abandoned", 0)}
    assert len(rows) == ROUNDS


async def test_lines_that_are_joined_divided_and_sold_at_once_are_all_somewhere_once(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    for _ in range(ROUNDS):
        one = (await opened(hub, line("A", line_id="a"), line("B", line_id="b"))).session_key
        two = (await opened(hub, line("C", line_id="c"))).session_key
        await at_once(merged(hub, one, two), merged(hub, two, one), split(hub, one, "a"), committed(hub, one))
        live = "select lines from sessions where state <> 'abandoned'"
        rows = await hub.rows(f"select e ->> 'sku' as sku from ({live}) s, jsonb_array_elements(lines) e")
        assert sorted(row["sku"] for row in rows) == sorted("ABC" * (len(rows) // 3))
        assert len(rows) % 3 == 0
