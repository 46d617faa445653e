"""Sessions: opened, changed, listed, given up."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf import struct_pb2
from order_calls import FREE, committed, line, make_channel, modified, op, opened

from comanda.orders.v1 import sessions_pb2
from kit.errors import Conflict, DomainError, Duplicate, Invalid, NotFound, Refused
from kit.testing import eventually
from orders.operations.idle import abandon_idle


async def refused(call: Any) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        await call
    return refusal.value


async def test_one_handle_has_one_open_session_however_many_ask_at_once(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    table = {"handle_type": "table", "handle_ref": "12"}
    sessions = await asyncio.gather(*(opened(hub, **table) for _ in range(10)))
    assert len({session.id for session in sessions}) == 1
    await modified(hub, sessions[0].session_key, line("A"))
    await committed(hub, sessions[0].session_key)
    assert (await opened(hub, **table)).id != sessions[0].id


async def test_a_key_that_exists_is_refused(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    await opened(hub, session_key="MINE")
    error = await refused(opened(hub, session_key="MINE"))
    assert (type(error), error.code) == (Duplicate, "session_exists")


async def test_o_s3_a_key_in_two_channels_needs_the_channel(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    await make_channel(hub, code="pos", config=FREE)
    await opened(hub, session_key="AMBIG")
    await opened(hub, session_key="AMBIG", channel="pos")
    request = sessions_pb2.GetSessionRequest(session_key="AMBIG")
    error = await refused(hub.call(hub.sessions.GetSession, request))
    assert (error.code, error.context["field"]) == ("ambiguous_session", "channel_code")
    request.channel_code = "pos"
    assert (await hub.call(hub.sessions.GetSession, request)).session.channel_code == "pos"


async def test_operations_of_a_call_happen_all_or_not_at_all(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    session = await opened(hub, line("A", "2", 500, line_id="L-1"))
    error = await refused(modified(hub, session.session_key, op("set_qty", line_id="L-1", qty="5"), op("teleport")))
    assert (error.code, error.context["index"]) == ("unsupported_op", 1)
    session = await modified(hub, session.session_key, op("set_qty", line_id="L-1", qty="5"), line("B", line_id="L-2"))
    assert (session.rev, session.total_q, [item.qty for item in session.items]) == (2, 2600, ["5.000", "1.000"])


async def test_every_operation_leaves_correct_totals(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    key = (await opened(hub, line("A", "2", 333, line_id="1"), line("A", "3", 333, line_id="2"))).session_key
    assert (await modified(hub, key, op("merge_lines", from_line_id="1", into_line_id="2"))).subtotal_q == 1665
    assert (await modified(hub, key, op("replace_sku", line_id="2", sku="B", unit_price_q=100))).subtotal_q == 500
    assert (await modified(hub, key, op("set_charges", discount_q=600, shipping_q=50, tax_q=1))).total_q == 0
    assert (await modified(hub, key, op("set_charges", discount_q=100))).total_q == 451
    assert (await modified(hub, key, op("remove_line", line_id="2"))).total_q == 0


async def test_a_stale_revision_is_refused_with_the_present_one(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    session = await opened(hub, line("A"))
    await modified(hub, session.session_key, line("B"))
    error = await refused(modified(hub, session.session_key, line("C"), expected_rev=1))
    assert (type(error), error.code, error.context["rev"]) == (Conflict, "stale_revision", 2)


async def test_two_changes_of_one_revision_at_once_make_one_and_refuse_the_other(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    key = (await opened(hub, line("A"))).session_key
    ends = await asyncio.gather(
        *(modified(hub, key, line(f"B{index}"), expected_rev=1) for index in range(8)), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == ["Conflict"] * 7 + ["Session"]


async def test_a_locked_channel_takes_lines_at_the_opening_and_never_again(hub: Any) -> None:
    await make_channel(hub, code="web", config=FREE, edit_policy="EDIT_POLICY_LOCKED")
    session = await opened(hub, line("A"))
    error = await refused(modified(hub, session.session_key, line("B")))
    assert error.code == "locked"
    assert "não podem ser editados" in error.message
    assert "plataforma externa" in error.message
    assert error.context == {"session_key": session.session_key, "channel": "web", "edit_policy": "locked"}


async def test_data_goes_where_it_may_and_nowhere_else(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    key = (await opened(hub)).session_key
    name = struct_pb2.Value(string_value="João")
    session = await modified(hub, key, op("set_data", path="customer.name", value=name))
    assert session.data["customer"]["name"] == "João"
    for path in ("checks", "rev", "__x", "customer.__x", "a.b", "notes.1.2.3.4.5", "customer..x", "notes." + "x" * 130):
        error = await refused(modified(hub, key, op("set_data", path=path, value=name)))
        assert (type(error), error.code) == (Invalid, "invalid_path"), path


async def test_an_abandoned_session_gives_its_holds_back(hub: Any) -> None:
    await make_channel(hub)
    key = (await opened(hub, line("A"))).session_key
    request = sessions_pb2.AbandonSessionRequest(session_key=key, channel_code="web", reason="left")
    for _ in range(2):
        session = (await hub.call(hub.sessions.AbandonSession, request)).session
        assert session.state == sessions_pb2.SESSION_STATE_ABANDONED
    error = await refused(modified(hub, key, line("B")))
    assert (type(error), error.code) == (Refused, "already_abandoned")

    async def released() -> bool:
        # Two where the hold came only after the session was abandoned: that one is given back by itself.
        states = {
            row["status"] for row in await hub.rows("select status from directives where topic = 'stock.release'")
        }
        return states == {"done"}

    await eventually(released)


async def test_a_list_goes_through_every_session_once(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    keys = [(await opened(hub)).session_key for _ in range(7)]
    found, request = [], sessions_pb2.ListSessionsRequest(page_size=3, channel_code=["web"], include_total=True)
    while True:
        page = await hub.call(hub.sessions.ListSessions, request)
        assert page.total == 7
        found += [session.session_key for session in page.items]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert found == keys[::-1]


async def test_an_unknown_session_is_not_found(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    error = await refused(modified(hub, "SESS-NONE", line("A")))
    assert (type(error), error.code) == (NotFound, "not_found")


async def test_another_business_sees_nothing(hub: Any) -> None:
    from uuid import uuid4

    await make_channel(hub, config=FREE)
    key = (await opened(hub, line("A"))).session_key
    stranger = hub.token_for(uuid4())
    with pytest.raises(NotFound):
        await hub.call(hub.sessions.GetSession, sessions_pb2.GetSessionRequest(session_key=key), stranger)
    page = await hub.call(hub.sessions.ListSessions, sessions_pb2.ListSessionsRequest(), stranger)
    assert not page.items


async def test_a_session_that_nobody_touches_is_given_up_and_what_it_holds_goes_back(hub: Any) -> None:
    await make_channel(hub)
    idle, busy = [(await opened(hub, line("A"))).session_key for _ in range(2)]
    await hub.rows("update sessions set updated_at = now() - interval '25 hours'")
    await modified(hub, busy, line("B"))
    ends = await asyncio.gather(
        *(hub.process.database.run(lambda tx, _: abandon_idle(tx, timedelta(hours=24))) for _ in range(4))
    )
    assert ends == [False] * 4
    states = {row["session_key"]: row["state"] for row in await hub.rows("select session_key, state from sessions")}
    assert states == {idle: "abandoned", busy: "open"}

    async def released() -> bool:
        statement = "select 1 from directives where topic = 'stock.release' and session_key = $1 and status = 'done'"
        return bool(await hub.rows(statement, idle))

    await eventually(released)
    assert (await refused(committed(hub, idle, wait=0))).code == "abandoned"
