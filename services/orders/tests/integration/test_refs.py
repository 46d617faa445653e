"""Refs and their sequences (spec 1A.9; cases O-F1 to O-F3)."""

import asyncio
from typing import Any

from order_calls import FREE, committed, document, line, make_channel, opened, refused

from comanda.orders.v1 import refs_pb2, sessions_pb2
from kit.errors import Duplicate, Invalid, NotFound, Refused

TODAY = {"store_id": "S1", "business_date": "2026-11-20"}


async def attached(hub: Any, value: str, kind: str = "POS_TABLE", scope: dict[str, Any] = TODAY, **place: str) -> Any:
    request = refs_pb2.AttachRefRequest(type=kind, value=value, scope=document(scope), **place)
    return await hub.call(hub.refs.AttachRef, request)


async def resolved(hub: Any, value: str, kind: str = "POS_TABLE", scope: dict[str, Any] = TODAY) -> Any:
    request = refs_pb2.ResolveRefRequest(type=kind, value=value, scope=document(scope))
    return (await hub.call(hub.refs.ResolveRef, request)).ref


async def ended(hub: Any, kind: str = "", **place: str) -> int:
    request = refs_pb2.DeactivateRefsRequest(type=kind, **place)
    return int((await hub.call(hub.refs.DeactivateRefs, request)).deactivated_count)


async def next_in(hub: Any, name: str = "till", **scope: str) -> str:
    request = refs_pb2.NextInSequenceRequest(name=name, scope=document(scope))
    return str((await hub.call(hub.refs.NextInSequence, request)).sequence.value)


async def session(hub: Any) -> dict[str, str]:
    """The place of a new session."""
    return {"channel_code": "web", "session_key": (await opened(hub, line("A"))).session_key}


async def ordered(hub: Any, place: dict[str, str]) -> dict[str, str]:
    """The place of a session's order."""
    return {"order_ref": (await committed(hub, place["session_key"])).order_ref}


async def test_o_f1_a_value_is_found_however_it_is_written_and_stands_for_one_target(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    place, other = await session(hub), await session(hub)
    first = await attached(hub, "  mesa 12  ", **place)
    assert (first.ref.value, first.created) == ("MESA 12", True)
    again = await attached(hub, "Mesa 12", **place)
    assert (again.ref.id, again.created) == (first.ref.id, False)
    assert (await resolved(hub, "mesa 12")).session_key == place["session_key"]
    error = await refused(attached(hub, "mesa 12", **other))
    assert (type(error), error.code, error.context["session_key"]) == (Duplicate, "ref_conflict", place["session_key"])
    tomorrow = {**TODAY, "business_date": "2026-11-21"}
    assert (await attached(hub, "mesa 12", scope=tomorrow, **other)).created
    assert type(await refused(resolved(hub, "mesa 12", scope={**TODAY, "store_id": "S2"}))) is NotFound


async def test_o_f1_what_is_ended_is_not_found_and_its_value_is_free(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    place, other = await session(hub), await session(hub)
    for kind in ("POS_TABLE", "POS_TAB", "TICKET"):
        await attached(hub, "7", kind, **place)
    assert [await ended(hub, "POS_TAB", **place), await ended(hub, **place), await ended(hub, **place)] == [1, 2, 0]
    assert type(await refused(resolved(hub, "7"))) is NotFound
    assert (await attached(hub, "7", **other)).created


async def test_o_f1_what_cannot_be_a_ref_is_refused(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    target = await session(hub)
    for kind, value, scope, error in (
        ("POS_TABLE", "1", {"store_id": "S1"}, (Invalid, "ref_scope_invalid")),
        ("POS_TABLE", "1", {**TODAY, "colour": "red"}, (Invalid, "ref_scope_invalid")),
        ("POS_TABLE", "1", {**TODAY, "store_id": ["S1"]}, (Invalid, "ref_scope_invalid")),
        ("POS_TABLE", "  ", TODAY, (Invalid, "ref_value")),
        ("SEAT", "1", TODAY, (NotFound, "unknown_ref_type")),
        ("ORDER_REF", "1", {"store_id": "S1"}, (Invalid, "ref_wrong_kind")),
    ):
        found = await refused(attached(hub, value, kind, scope, **target))
        assert (type(found), found.code) == error


async def test_a_ref_stands_for_one_thing_that_is_there_and_open(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    place = await session(hub)
    both = {**place, "order_ref": "ORD-NONE"}
    assert (await refused(attached(hub, "1", **both))).code == "ref_target"
    assert (await refused(attached(hub, "1"))).code == "ref_target"
    assert (await refused(attached(hub, "1", session_key="SESS-NONE"))).code == "session_not_found"
    assert (await refused(attached(hub, "1", "TICKET", order_ref="ORD-NONE"))).code == "not_found"
    await ordered(hub, place)
    error = await refused(attached(hub, "1", **place))
    assert (type(error), error.code) == (Refused, "already_committed")


async def test_of_ten_who_want_a_table_at_once_one_gets_it(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    places = [await session(hub) for _ in range(6)]
    ends = await asyncio.gather(*(attached(hub, "12", **place) for place in places), return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["AttachRefResponse", *["Duplicate"] * 5]


async def test_o_f2_a_sequence_counts_for_its_scope_and_begins_anew_when_told(hub: Any) -> None:
    assert [await next_in(hub, store="1") for _ in range(3)] == ["001", "002", "003"]
    assert await next_in(hub, store="2") == "001"
    current = refs_pb2.GetSequenceRequest(name="till", scope=document({"store": "1"}))
    assert (await hub.call(hub.refs.GetSequence, current)).sequence.value == "003"
    reset = refs_pb2.ResetSequenceRequest(name="till", scope=document({"store": "1"}))
    await hub.call(hub.refs.ResetSequence, reset)
    assert (await hub.call(hub.refs.GetSequence, current)).sequence.value == ""
    assert await next_in(hub, store="1") == "001"


async def test_o_f2_no_number_is_given_twice_or_left_out_however_many_ask_at_once(hub: Any) -> None:
    numbers = await asyncio.gather(*(next_in(hub) for _ in range(20)))
    assert sorted(numbers) == [f"{number:03}" for number in range(1, 21)]


async def test_o_f2_a_ticket_gets_the_next_number_of_its_store_and_day(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    values = []
    for _ in range(2):
        request = refs_pb2.AttachSequenceRefRequest(type="TICKET", scope=document(TODAY), **await session(hub))
        values.append((await hub.call(hub.refs.AttachSequenceRef, request)).ref.value)
    assert values == ["001", "002"]


async def test_o_f3_a_table_is_free_after_the_commit_and_a_ticket_stands_for_the_order(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    place = await session(hub)
    await attached(hub, "12", **place)
    await attached(hub, "034", "TICKET", **place)
    order = await ordered(hub, place)
    assert type(await refused(resolved(hub, "12"))) is NotFound
    ticket = await resolved(hub, "034", "TICKET")
    assert (ticket.target, ticket.order_ref) == (refs_pb2.REF_TARGET_ORDER, order["order_ref"])
    listed = (await hub.call(hub.refs.ListRefs, refs_pb2.ListRefsRequest(**order))).items
    assert [(each.type, each.value) for each in listed] == [("TICKET", "034")]
    other = await session(hub)
    assert (await attached(hub, "12", **other)).created
    assert (await refused(attached(hub, "034", "TICKET", **other))).code == "ref_conflict"
    assert await ended(hub, **order) == 1
    assert (await attached(hub, "034", "TICKET", **other)).created


async def test_o_f3_a_table_is_free_when_its_session_is_given_up(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    place = await session(hub)
    await attached(hub, "12", **place)
    await hub.call(hub.sessions.AbandonSession, sessions_pb2.AbandonSessionRequest(**place))
    assert (await attached(hub, "12", **await session(hub))).created


async def test_a_number_of_another_system_is_never_used_for_a_second_order(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    scope = {"channel": "ifood", "merchant_id": 77}
    first, second = [await ordered(hub, await session(hub)) for _ in range(2)]
    await attached(hub, "abc", "EXTERNAL_ORDER", scope, **first)
    assert await ended(hub, **first) == 1
    assert (await refused(attached(hub, "ABC", "EXTERNAL_ORDER", scope, **second))).code == "ref_conflict"
    assert (await attached(hub, "ABC", "EXTERNAL_ORDER", scope, **first)).created
    assert (await resolved(hub, "abc", "EXTERNAL_ORDER", scope)).order_ref == first["order_ref"]
