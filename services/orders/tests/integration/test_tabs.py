"""Tabs: moved, joined, divided, checked anew; and what a channel's rules make of sessions."""

import asyncio
from typing import Any

import pytest
from order_calls import FREE, committed, line, make_channel, modified, op, opened, refused, stocked, with_inventory

from comanda.inventory.v1 import stock_pb2
from comanda.orders.v1 import sessions_pb2
from kit.errors import Conflict, Duplicate, Invalid
from kit.testing import eventually


async def moved(hub: Any, key: str, *handle: str, **fields: Any) -> Any:
    kind, ref = handle or ("", "")
    request = sessions_pb2.MoveSessionRequest(
        session_key=key, channel_code="web", handle_type=kind, handle_ref=ref, **fields
    )
    return (await hub.call(hub.sessions.MoveSession, request)).session


async def merged(hub: Any, key: str, taken: str, **fields: Any) -> Any:
    request = sessions_pb2.MergeSessionsRequest(session_key=key, channel_code="web", from_session_key=taken, **fields)
    return (await hub.call(hub.sessions.MergeSessions, request)).session


async def split(hub: Any, key: str, *lines: tuple[str, str], **fields: Any) -> tuple[Any, Any]:
    parts = [sessions_pb2.SplitLine(line_id=line_id, qty=qty) for line_id, qty in lines]
    request = sessions_pb2.SplitSessionRequest(session_key=key, channel_code="web", lines=parts, **fields)
    found = await hub.call(hub.sessions.SplitSession, request)
    return found.session, found.new_session


async def rechecked(hub: Any, key: str) -> Any:
    request = sessions_pb2.RunChecksRequest(session_key=key, channel_code="web")
    return (await hub.call(hub.sessions.RunChecks, request)).session


async def session_of(hub: Any, key: str) -> Any:
    return (await hub.call(hub.sessions.GetSession, sessions_pb2.GetSessionRequest(session_key=key))).session


async def reserved(hub: Any, qty: str) -> None:
    async def reached() -> bool:
        [found] = (await hub.call(hub.goods.ListStock, stock_pb2.ListStockRequest(sku=["A"]))).items
        return bool(found.reserved == qty)

    await eventually(reached)


def lines(session: Any) -> list[tuple[str, str]]:
    return [(item.line_id, item.qty) for item in session.items]


async def test_a_tab_changes_tables_and_a_taken_table_is_refused(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    first = await opened(hub, line("A"), handle_type="table", handle_ref="1")
    second = await opened(hub, line("B"), handle_type="table", handle_ref="2")
    error = await refused(moved(hub, first.session_key, "table", "2"))
    assert (type(error), error.code) == (Duplicate, "handle_taken")
    session = await moved(hub, first.session_key, "table", "3")
    assert (session.handle_ref, session.rev, lines(session)) == ("3", 1, lines(first))
    assert (await opened(hub, handle_type="table", handle_ref="3")).id == first.id
    assert (await moved(hub, second.session_key)).handle_ref == ""
    assert (await opened(hub, handle_type="table", handle_ref="2")).id != second.id


async def test_of_many_tabs_that_move_to_one_table_at_once_one_gets_it(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    keys = [(await opened(hub)).session_key for _ in range(6)]
    ends = await asyncio.gather(*(moved(hub, key, "table", "9") for key in keys), return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == [*["Duplicate"] * 5, "Session"]


async def test_joined_tabs_are_one_with_all_lines_charges_and_data(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    into = await opened(hub, line("A", "2", 100, line_id="1"), op("set_charges", tax_q=5))
    taken = await opened(hub, line("B", "1", 50, line_id="1"), op("set_charges", tax_q=7), line("C", line_id="2"))
    session = await merged(hub, into.session_key, taken.session_key)
    assert (session.rev, session.total_q, session.tax_q) == (2, 200 + 50 + 100 + 12, 12)
    assert [item.sku for item in session.items] == ["A", "B", "C"]
    assert len({item.line_id for item in session.items}) == 3
    assert (await session_of(hub, taken.session_key)).state == sessions_pb2.SESSION_STATE_ABANDONED
    assert (await refused(merged(hub, into.session_key, taken.session_key))).code == "already_abandoned"
    assert (await refused(merged(hub, into.session_key, into.session_key))).code == "same_session"
    assert (await committed(hub, into.session_key)).items_count == 3


async def test_tabs_that_are_joined_crosswise_at_once_lose_no_line(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    one, two = [(await opened(hub, line("A"))).session_key for _ in range(2)]
    calls = [merged(hub, *pair) for pair in ((one, two), (two, one)) for _ in range(3)]
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert {getattr(end, "code", "") for end in ends} == {"", "already_abandoned"}
    found = [await session_of(hub, key) for key in (one, two)]
    assert sorted(len(each.items) for each in found if each.state == sessions_pb2.SESSION_STATE_OPEN) == [2]


async def test_a_divided_tab_is_two_that_come_to_the_same(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    whole = await opened(hub, line("A", "3", 100, line_id="1"), line("B", "1", 50, line_id="2"), line("C", line_id="3"))
    table = {"handle_type": "seat", "handle_ref": "2"}
    rest, new = await split(hub, whole.session_key, ("1", "1.5"), ("2", ""), **table)
    assert (lines(rest), lines(new)) == ([("1", "1.500"), ("3", "1.000")], [("1", "1.500"), ("2", "1.000")])
    assert rest.total_q + new.total_q == whole.total_q
    assert (rest.rev, new.rev, new.handle_ref) == (2, 1, "2")
    twice = [("3", ""), ("3", "")]
    bad = {"unknown_line_id": [("9", "")], "part_too_large": [("3", "2")], "duplicate_line_id": twice}
    for code, parts in bad.items():
        error = await refused(split(hub, rest.session_key, *parts))
        assert (type(error), error.code) == (Invalid, code)
    assert (await refused(split(hub, rest.session_key, ("3", ""), **table))).code == "handle_taken"
    error = await refused(split(hub, rest.session_key, ("3", ""), expected_rev=1))
    assert (type(error), error.code) == (Conflict, "stale_revision")


@with_inventory
async def test_the_last_units_go_along_when_tabs_are_joined_and_divided(hub: Any) -> None:
    await make_channel(hub)
    await stocked(hub, "A", "5")
    one, two = [await opened(hub, line("A", qty, line_id="1")) for qty in ("2", "3")]
    await reserved(hub, "5.000")
    both = await merged(hub, one.session_key, two.session_key)
    await reserved(hub, "5.000")
    rest, new = await split(hub, both.session_key, ("1", "1"))
    ends = await asyncio.gather(*(committed(hub, key, wait=9000) for key in (rest.session_key, new.session_key)))
    assert {end.status for end in ends} == {"committed"}
    await reserved(hub, "0.000")


async def test_checks_that_have_run_out_are_made_anew_without_a_change(hub: Any) -> None:
    await make_channel(hub, edit_policy="EDIT_POLICY_LOCKED")
    session = await opened(hub, line("A"))

    async def checked() -> bool:
        return bool((await session_of(hub, session.session_key)).data["checks"])

    await eventually(checked)
    await hub.rows("update sessions set checks = jsonb_set(checks, '{stock,result,hold_expires_at}', '\"2020-01-01\"')")
    assert (await refused(committed(hub, session.session_key))).code == "hold_expired"
    again = await rechecked(hub, session.session_key)
    assert (again.rev, dict(again.data["checks"])) == (1, {})
    assert (await committed(hub, session.session_key)).status == "committed"
    assert (await refused(rechecked(hub, session.session_key))).code == "already_committed"


@pytest.mark.parametrize("stage", ["draft", "commit"])
async def test_a_channels_rules_stand_at_their_stage_and_leave_everything_as_it_was(hub: Any, stage: str) -> None:
    await make_channel(hub, config={"rules": {"most_lines": 1, "minimum_order_q": 200}})
    session = await opened(hub, line("A", line_id="1"))
    if stage == "draft":
        error = await refused(modified(hub, session.session_key, line("B")))
        assert (type(error), error.code) == (Invalid, "too_many_lines")
        assert (await session_of(hub, session.session_key)).rev == 1
    else:
        error = await refused(committed(hub, session.session_key, "K"))
        assert (type(error), error.code) == (Invalid, "minimum_order")
        await modified(hub, session.session_key, op("set_qty", line_id="1", qty="2"))
        assert (await committed(hub, session.session_key, "K")).status == "committed"


async def test_a_rule_that_there_is_not_is_refused_when_it_is_saved(hub: Any) -> None:
    error = await refused(make_channel(hub, config={"rules": {"validators": ["luck"]}}))
    assert (error.code, error.context["path"]) == ("invalid_config", "rules.validators[0]")
