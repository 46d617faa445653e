"""The acceptance cases of sessions, by their numbers (O-S1 to O-S25)."""

import asyncio
from typing import Any

from google.protobuf import struct_pb2
from order_calls import FREE, STOCKED, committed, line, make_channel, modified, op, opened, order_of, refused

from comanda.orders.v1 import channels_pb2, directives_pb2, sessions_pb2
from kit.errors import Invalid, NotFound, Refused


def text(value: str) -> struct_pb2.Value:
    return struct_pb2.Value(string_value=value)


async def session_of(hub: Any, key: str, **fields: str) -> Any:
    request = sessions_pb2.GetSessionRequest(session_key=key, **fields)
    return (await hub.call(hub.sessions.GetSession, request)).session


async def abandoned(hub: Any, key: str) -> Any:
    request = sessions_pb2.AbandonSessionRequest(session_key=key, channel_code="web")
    return (await hub.call(hub.sessions.AbandonSession, request)).session


def lines(session: Any) -> list[tuple[str, str, int]]:
    return [(item.sku, item.qty, item.line_total_q) for item in session.items]


async def test_o_s1_a_new_session_is_open_and_empty_with_the_policies_of_its_channel(hub: Any) -> None:
    await make_channel(hub, config=FREE, edit_policy="EDIT_POLICY_LOCKED")
    session = await opened(hub)
    assert (session.state, session.rev, session.session_key[:5]) == (sessions_pb2.SESSION_STATE_OPEN, 0, "SESS-")
    assert session.pricing_policy == channels_pb2.PRICING_POLICY_EXTERNAL
    assert session.edit_policy == channels_pb2.EDIT_POLICY_LOCKED


async def test_o_s2_the_second_opening_of_a_handle_finds_the_first_until_it_is_committed(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    request = sessions_pb2.OpenSessionRequest(channel_code="web", handle_type="mesa", handle_ref="T12")
    first, second = [await hub.call(hub.sessions.OpenSession, request) for _ in range(2)]
    assert (first.created, second.created, second.session.id) == (True, False, first.session.id)
    await modified(hub, first.session.session_key, line("A"))
    await committed(hub, first.session.session_key)
    third = await hub.call(hub.sessions.OpenSession, request)
    assert (third.created, third.session.id == first.session.id) == (True, False)


async def test_o_s4_an_unknown_or_inactive_channel_opens_nothing(hub: Any) -> None:
    await make_channel(hub, config=FREE, is_active=False)
    for channel in ("web", "nowhere"):
        error = await refused(opened(hub, channel=channel))
        assert (type(error), error.code) == (Invalid, "unknown_channel")
    assert type(await refused(session_of(hub, "SESS-NONE"))) is NotFound


async def test_o_s5_a_change_asks_for_the_required_check_of_its_revision(hub: Any) -> None:
    await make_channel(hub, config=STOCKED)
    hub.stock.answers.clear()
    key = (await opened(hub)).session_key
    session = await modified(hub, key, line("LATTE", "2"))
    assert (session.rev, dict(session.data["checks"]), list(session.data["issues"])) == (1, {}, [])
    request = directives_pb2.ListDirectivesRequest(topic=["stock.hold"], session_key=key)
    [asked] = (await hub.call(hub.directives.ListDirectives, request)).items
    payload = asked.payload
    assert (payload["session_key"], payload["channel_code"], payload["rev"]) == (key, "web", 1)
    assert [(item["sku"], item["qty"]) for item in payload["items"]] == [("LATTE", "2.000")]


async def test_o_s6_a_locked_session_says_so_in_words_for_people(hub: Any) -> None:
    await make_channel(hub, config=FREE, edit_policy="EDIT_POLICY_LOCKED")
    key = (await opened(hub, line("A", line_id="1"))).session_key
    for change in (line("B"), op("set_qty", line_id="1", qty="2"), op("remove_line", line_id="1")):
        error = await refused(modified(hub, key, change))
        assert (type(error), error.code) == (Refused, "locked")
        assert set(error.context) == {"session_key", "channel", "edit_policy"}
        assert "web" in error.message
        assert "não podem ser editados" in error.message
        assert "plataforma externa" in error.message
        assert not [word for word in ("locked", "policy", "session", "error") if word in error.message]


async def test_o_s7_what_is_over_cannot_be_changed_and_says_how_it_ended(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    sold, left = [(await opened(hub, line("A"))).session_key for _ in range(2)]
    await committed(hub, sold)
    await abandoned(hub, left)
    ends = {sold: ("already_committed", "finalizada"), left: ("already_abandoned", "abandonada")}
    for key, (code, word) in ends.items():
        error = await refused(modified(hub, key, line("B")))
        assert (type(error), error.code) == (Refused, code)
        assert word in error.message
        assert "não pode mais ser alterada" in error.message
    assert (await refused(abandoned(hub, sold))).code == "already_committed"


async def test_o_s8_four_changes_make_four_revisions(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    key = (await opened(hub)).session_key
    await modified(hub, key, line("A", line_id="a"))
    await modified(hub, key, line("B", line_id="b"))
    await modified(hub, key, op("remove_line", line_id="a"))
    session = await modified(hub, key, op("set_qty", line_id="b", qty="5"))
    assert (session.rev, lines(session)) == (4, [("B", "5.000", 500)])


async def test_o_s9_a_quantity_that_is_none_is_refused(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    for qty in ("0", "-1", "abc", "1.2345", "", "1e3", "1_0", "9999999999", "NaN"):
        error = await refused(opened(hub, line("A", qty)))
        assert (type(error), error.code) == (Invalid, "invalid_qty"), qty


async def test_o_s9_a_thousandth_is_a_quantity(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    assert lines(await opened(hub, line("A", "0.001", 1000))) == [("A", "0.001", 1)]


async def test_blanks_are_no_sku(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    assert (await refused(opened(hub, line(" \t ")))).code == "missing_sku"


async def test_blanks_are_no_handle_and_no_external_ref(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    for handle in ({"handle_type": " ", "handle_ref": "7"}, {"handle_type": "table", "handle_ref": "\t"}):
        assert (await refused(opened(hub, **handle))).code == "invalid_argument"
    key = (await opened(hub, line("A"))).session_key
    assert (await refused(committed(hub, key, external_ref="  "))).code == "invalid_argument"


async def test_o_s10_an_external_channel_needs_every_price_and_keeps_it(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    assert (await refused(opened(hub, line("A", "1", None)))).code == "missing_unit_price_q"
    assert lines(await opened(hub, line("A", "1", 1500))) == [("A", "1.000", 1500)]


async def test_o_s12_another_sku_keeps_quantity_and_what_is_not_sent(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    meta = struct_pb2.Struct()
    meta.update({"note": "x", "deep": {"er": [1]}})
    key = (await opened(hub, line("A", "2", 100, line_id="L1", meta=meta))).session_key
    session = await modified(hub, key, op("replace_sku", line_id="L1", sku="SKU-NEW", unit_price_q=2000))
    assert lines(session) == [("SKU-NEW", "2.000", 4000)]
    assert dict(session.items[0].meta)["note"] == "x"
    other = struct_pb2.Struct()
    other.update({"note": "y"})
    session = await modified(hub, key, op("replace_sku", line_id="L1", sku="B", unit_price_q=1, meta=other))
    assert dict(session.items[0].meta) == {"note": "y"}
    wrong = {
        "missing_sku": op("replace_sku", line_id="L1", unit_price_q=1),
        "missing_unit_price_q": op("replace_sku", line_id="L1", sku="C"),
        "unknown_line_id": op("replace_sku", line_id="L9", sku="C", unit_price_q=1),
    }
    for code, change in wrong.items():
        assert (await refused(modified(hub, key, change))).code == code


async def test_o_s13_data_is_put_at_its_path_and_its_neighbours_stay(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    key = (await opened(hub)).session_key
    puts = {"notes": "x", "customer.name": "João", "delivery.address.city": "SP", "delivery.address.zip": "01000"}
    session = await modified(hub, key, *(op("set_data", path=path, value=text(value)) for path, value in puts.items()))
    assert (session.rev, session.data["notes"], session.data["customer"]["name"]) == (1, "x", "João")
    assert dict(session.data["delivery"]["address"]) == {"city": "SP", "zip": "01000"}


async def test_o_s14_data_elsewhere_is_refused_and_nothing_stored(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    key = (await opened(hub)).session_key
    for path in (
        "color",
        "checks",
        "rev",
        "__x",
        "customer.__x",
        "notes.1.2.3.4.5",
        "notes." + "x" * 123,
        "",
        "notes..x",
    ):
        puts = [op("set_data", path="notes", value=text("x")), op("set_data", path=path, value=text("x"))]
        assert type(await refused(modified(hub, key, *puts))) is Invalid, path
    session = await session_of(hub, key)
    assert (session.rev, "notes" in session.data) == (0, False)


async def test_o_s15_merged_lines_are_one_with_its_total(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    two = (line("A", "2", 100, line_id="L1"), line("A", "3", 100, line_id="L2"), line("B", line_id="L3"))
    key = (await opened(hub, *two)).session_key
    wrong = {("L1", "L1"): "invalid_merge", ("L1", "L3"): "sku_mismatch", ("L9", "L2"): "unknown_line_id"}
    for (gone, stays), code in {**wrong, ("L1", "L9"): "unknown_line_id"}.items():
        error = await refused(modified(hub, key, op("merge_lines", from_line_id=gone, into_line_id=stays)))
        assert (type(error), error.code) == (Invalid, code)
    session = await modified(hub, key, op("merge_lines", from_line_id="L1", into_line_id="L2"))
    assert (session.items[0].line_id, session.items[0].qty, session.items[0].line_total_q) == ("L2", "5.000", 500)


async def test_o_s16_what_there_is_not_is_refused(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    key = (await opened(hub)).session_key
    assert (await refused(modified(hub, key, op("set_qty", line_id="L9", qty="1")))).code == "unknown_line_id"
    assert (await refused(modified(hub, key, op("teleport")))).code == "unsupported_op"
    assert type(await refused(modified(hub, key))) is Invalid
    assert (await refused(modified(hub, "SESS-NONE", line("A")))).code == "not_found"


async def test_o_s18_two_operations_in_a_call_make_one_revision(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    key = (await opened(hub)).session_key
    assert (await modified(hub, key, line("A"), line("B"))).rev == 1


async def test_no_operation_is_no_change(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    key = (await opened(hub)).session_key
    error = await refused(modified(hub, key))
    assert (type(error), error.code) == (Invalid, "no_ops")
    assert (await session_of(hub, key)).rev == 0


async def test_o_s20_a_name_reaches_the_session_and_the_order(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    session = await opened(hub, line("A", name="Café Latte"))
    assert session.items[0].name == "Café Latte"
    ref = (await committed(hub, session.session_key)).order_ref
    assert (await order_of(hub, ref)).items[0].name == "Café Latte"


async def test_o_s21_a_line_id_is_there_once(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    error = await refused(opened(hub, line("A", line_id="1"), line("B", line_id="1")))
    assert (type(error), error.code) == (Invalid, "duplicate_line_id")


async def test_o_s23_sessions_are_found_by_channel_state_and_handle(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    await make_channel(hub, code="pos", config=FREE)
    table = {"handle_type": "table", "handle_ref": "1"}
    kept = await opened(hub, **table)
    left = await opened(hub)
    await opened(hub, channel="pos", **table)
    await abandoned(hub, left.session_key)

    async def found(**asked: Any) -> set[str]:
        page = await hub.call(hub.sessions.ListSessions, sessions_pb2.ListSessionsRequest(**asked))
        return {session.id for session in page.items}

    assert await found(channel_code=["web"]) == {kept.id, left.id}
    assert await found(state=[sessions_pb2.SESSION_STATE_ABANDONED]) == {left.id}
    assert await found(channel_code=["web"], **table) == {kept.id}


async def test_many_who_change_one_session_at_once_are_all_heard(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    key = (await opened(hub)).session_key
    await asyncio.gather(*(modified(hub, key, line(f"S{index}")) for index in range(12)))
    session = await session_of(hub, key)
    assert (session.rev, len(session.items), session.total_q) == (12, 12, 1200)
