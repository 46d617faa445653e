"""From a session's first line to its order (spec 1A.7)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from order_calls import FREE, committed, line, make_channel, modified, op, opened

from comanda.orders.v1 import orders_pb2
from kit.errors import DomainError, Duplicate, Refused
from kit.testing import eventually


async def statuses(hub: Any) -> dict[str, str]:
    return {row["topic"]: row["status"] for row in await hub.rows("select topic, status from directives")}


async def test_a_session_with_three_lines_becomes_an_order_in_one_call(hub: Any) -> None:
    await make_channel(hub)
    session = await opened(hub, line("A", "2", 333), line("B", "0.5", 1), line("C", "3", 1000))
    assert (session.rev, session.total_q) == (1, 666 + 1 + 3000)
    made = await committed(hub, session.session_key, external_ref="X-1")
    assert (made.status, made.total_q, made.items_count) == ("committed", 3667, 3)
    order = (await hub.call(hub.orders.GetOrder, orders_pb2.GetOrderRequest(ref=made.order_ref))).order
    assert [item.qty for item in order.items] == ["2.000", "0.500", "3.000"]
    assert (order.status, order.external_ref, order.snapshot["rev"]) == ("new", "X-1", 1)
    assert list(order.allowed_transitions) == ["confirmed", "cancelled"]

    async def taken() -> bool:
        return await statuses(hub) == {"stock.hold": "done", "stock.commit": "done"}

    await eventually(taken)

    async def published() -> bool:
        return not await hub.rows("select 1 from outbox")

    await eventually(published)


async def test_twenty_parallel_commits_of_one_session_make_one_order(hub: Any) -> None:
    await make_channel(hub)
    session = await opened(hub, line("A"))
    made = await asyncio.gather(*(committed(hub, session.session_key, f"K-{index}") for index in range(20)))
    assert len({each.order_ref for each in made}) == 1
    assert sorted(each.status for each in made) == ["already_committed"] * 19 + ["committed"]
    assert len(await hub.rows("select 1 from orders")) == 1


async def test_twins_with_one_key_get_the_same_answer(hub: Any) -> None:
    await make_channel(hub)
    session = await opened(hub, line("A"))
    made = await asyncio.gather(*(committed(hub, session.session_key, "K") for _ in range(10)))
    assert {each.SerializeToString(deterministic=True) for each in made} == {
        made[0].SerializeToString(deterministic=True)
    }
    assert made[0].status == "committed"


async def test_o_c7_a_key_used_for_another_session_is_refused_and_changes_nothing(hub: Any) -> None:
    await make_channel(hub)
    first, second = await opened(hub, line("A")), await opened(hub, line("B"))
    await committed(hub, first.session_key, "K")
    with pytest.raises(Refused) as refusal:
        await committed(hub, second.session_key, "K")
    assert refusal.value.code == "idempotency_key_reuse"
    assert len(await hub.rows("select 1 from sessions where state = 'open'")) == 1


async def test_o_c8_a_refused_commit_leaves_its_key_free(hub: Any) -> None:
    await make_channel(hub)
    hub.stock.answers.clear()
    session = await opened(hub, line("A"))
    with pytest.raises(Refused) as refusal:
        await committed(hub, session.session_key, "K", wait=0)
    assert (refusal.value.code, refusal.value.context) == ("missing_check", {"check_code": "stock"})
    hub.stock.answers.set()
    assert (await committed(hub, session.session_key, "K", wait=5000)).status == "committed"


async def test_a_commit_waits_for_the_check_of_the_newest_revision(hub: Any) -> None:
    await make_channel(hub)
    session = await opened(hub, line("A"))
    await modified(hub, session.session_key, line("B", "2", 50))
    made = await committed(hub, session.session_key)
    assert made.total_q == 200
    [order] = await hub.rows("select snapshot from orders where ref = $1", made.order_ref)
    assert '"rev": 2' in order["snapshot"]


async def test_too_little_stock_blocks_the_commit_and_says_what_would_help(hub: Any) -> None:
    await make_channel(hub)
    hub.stock.available = {"A": 1, "B": 0}
    session = await opened(hub, line("A", "2"), line("B"))
    with pytest.raises(Refused) as refusal:
        await committed(hub, session.session_key)
    assert refusal.value.code == "blocking_issues"
    some, none = refusal.value.context["issues"]
    assert [action["label"] for action in some["context"]["actions"]] == ["Ajustar para 1 unidade(s)", "Remover item"]
    assert [action["label"] for action in none["context"]["actions"]] == ["Remover item"]
    await modified(hub, session.session_key, op("set_qty", line_id=some["context"]["line_id"], qty="1"))
    await modified(hub, session.session_key, op("remove_line", line_id=none["context"]["line_id"]))
    assert (await committed(hub, session.session_key)).status == "committed"


async def test_an_expired_hold_stands_against_the_commit(hub: Any) -> None:
    await make_channel(hub)
    hub.stock.ttl = timedelta(seconds=-1)
    session = await opened(hub, line("A"))
    with pytest.raises(Refused) as refusal:
        await committed(hub, session.session_key)
    assert refusal.value.code == "hold_expired"


@pytest.mark.parametrize(
    ("prepare", "code"), [("nothing", "empty_session"), ("abandon", "abandoned"), ("unknown", "not_found")]
)
async def test_what_can_never_be_an_order_is_refused(hub: Any, prepare: str, code: str) -> None:
    from comanda.orders.v1 import sessions_pb2

    await make_channel(hub, config=FREE)
    session = await opened(hub)
    key = "SESS-NONE" if prepare == "unknown" else session.session_key
    if prepare == "abandon":
        request = sessions_pb2.AbandonSessionRequest(session_key=key, channel_code="web")
        await hub.call(hub.sessions.AbandonSession, request)
    with pytest.raises(DomainError) as refusal:
        await committed(hub, key, wait=0)
    assert refusal.value.code == code


async def test_an_external_ref_belongs_to_one_order_of_the_channel(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    keys = [(await opened(hub, line("A"))).session_key for _ in range(6)]
    ends = await asyncio.gather(*(committed(hub, key, external_ref="X") for key in keys), return_exceptions=True)
    made = [end for end in ends if not isinstance(end, BaseException)]
    refused = [end for end in ends if isinstance(end, Duplicate)]
    assert (len(made), len(refused)) == (1, 5)
    assert {end.code for end in refused} == {"duplicate_external_ref"}
    assert {end.context["order_ref"] for end in refused} == {made[0].order_ref}
