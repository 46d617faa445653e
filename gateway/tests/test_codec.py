"""JSON ⇄ protobuf."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comanda.inventory.v1 import reservations_pb2, stock_pb2
from comanda.orders.v1 import analytics_pb2, fulfillments_pb2, orders_pb2, sessions_pb2
from comanda.sales.v1 import sales_pb2
from gateway import jsontext, reading, writing
from gateway.texts import TEXTS
from kit import texts
from kit.errors import Invalid

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30)
NUMBER = st.integers(-(2**53), 2**53) | st.floats(-(2**53), 2**53)
VALUE = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def read(kind: Any, body: bytes) -> Any:
    return reading.from_json(kind, jsontext.parse(body))


def test_every_field_is_present_and_an_absent_time_is_null() -> None:
    written = writing.to_json(orders_pb2.Order(total_q=2**62, items_count=1))
    assert written["total_q"] == 2**62
    assert (written["ref"], written["items"], written["confirmed_at"], written["snapshot"]) == ("", [], None, None)
    assert set(written) == {field.name for field in orders_pb2.Order.DESCRIPTOR.fields}


def test_what_is_kept_from_the_caller_is_left_out() -> None:
    hidden = {"unit_cost_q", "profit_amount_q", "total_profit_amount_q", "profit_margin"}
    written = writing.to_json(sales_pb2.SaleItem(sku="CAFE"))
    assert {field.name for field in sales_pb2.SaleItem.DESCRIPTOR.fields} - written.keys() == hidden
    shown = writing.to_json(sales_pb2.SaleItem(unit_cost_q=0, profit_margin="50"))
    assert (shown["unit_cost_q"], shown["profit_margin"]) == (0, "50")


def test_enums_go_by_short_names_without_regard_to_case() -> None:
    assert writing.to_json(sessions_pb2.Session(state="SESSION_STATE_OPEN"))["state"] == "open"
    for name in ("session", "SESSION", "Owner_Type_Session"):
        found = read(reservations_pb2.CreateReservationRequest, f'{{"owner_type": "{name}"}}'.encode())
        assert found.owner_type == reservations_pb2.OWNER_TYPE_SESSION


def test_a_quantity_is_text_and_may_be_a_whole_number_but_no_fraction() -> None:
    line = b'{"location": "x", "lines": [{"sku": "A", "qty": %s}]}'
    assert read(stock_pb2.ReceiveStockRequest, line % b"2").lines[0].qty == "2"
    assert read(stock_pb2.ReceiveStockRequest, line % b'"2.5"').lines[0].qty == "2.5"
    with pytest.raises(Invalid) as refusal:
        read(stock_pb2.ReceiveStockRequest, line % b"2.5")
    assert refusal.value.context["field"] == "lines[0].qty"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b'{"chanel_code": "x"}', "unknown_field", "chanel_code"),
        (b'{"ops": [{"op": "x", "skus": "A"}]}', "unknown_field", "ops[0].skus"),
        (b'{"channel_code": 1}', "wrong_type", "channel_code"),
        (b'{"ops": {}}', "wrong_type", "ops"),
        (b'{"ops": [{"unit_price_q": 1.0}]}', "wrong_type", "ops[0].unit_price_q"),
        (b'{"ops": [{"unit_price_q": true}]}', "wrong_type", "ops[0].unit_price_q"),
        (b'{"ops": [{"unit_price_q": 9223372036854775808}]}', "wrong_type", "ops[0].unit_price_q"),
        (b'{"data": []}', "wrong_type", "data"),
        (b'{"data": {"notes": [9007199254740993]}}', "wrong_type", "data.notes[0]"),
        (b'{"channel_code": "a", "channel_code": "b"}', "invalid_json", None),
        (b'{"channel_code": "a\\u0000"}', "invalid_json", None),
        (b'{"channel_code": "\\ud800"}', "invalid_json", None),
        (b'{"data": {"notes": NaN}}', "invalid_json", None),
        (b"[]", "invalid_json", None),
        (b"{", "invalid_json", None),
        (b"\xff", "invalid_json", None),
        (b'{"data":' + b"[" * 100_000, "invalid_json", None),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(body: bytes, code: str, field: str | None) -> None:
    with pytest.raises(Invalid) as refusal:
        read(sessions_pb2.OpenSessionRequest, body)
    assert (refusal.value.code, refusal.value.context.get("field")) == (code, field)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[]", "O corpo deve ser um objeto JSON."),
        (b'{"a": 1, "a": 1}', "Um nome aparece duas vezes num mesmo objeto do corpo."),
        (b'{"a": -Infinity}', "O corpo tem -Infinity, que não é JSON."),
        (b'{"a": "\\u0000"}', "O corpo contém um caractere NUL."),
        (b'{"a": "\\udead"}', "O corpo contém metade de um par substituto."),
        (b'{"a": "\\ud800", "b": ' + b"[" * 300 + b"]" * 300 + b"}", "O corpo contém metade de um par substituto."),
        (b'{"b": ' + b"[" * 300 + b'"\\ud800"' + b"]" * 300 + b"}", "O corpo passa de 200 níveis de profundidade."),
    ],
)
def test_what_json_may_not_hold_is_said_in_the_language_of_the_caller(body: bytes, words: str) -> None:
    with pytest.raises(Invalid) as refusal:
        jsontext.parse(body)
    assert texts.render(refusal.value, TEXTS, "pt") == words


def test_a_backslash_before_u0000_is_no_nul() -> None:
    assert read(sessions_pb2.OpenSessionRequest, rb'{"channel_code": "\\u0000"}').channel_code == r"\u0000"


def test_times_come_with_any_offset_and_go_in_utc() -> None:
    found = read(orders_pb2.ListOrdersRequest, b'{"created_from": "2026-11-20T18:30:00-03:00"}')
    assert found.created_from.ToDatetime(tzinfo=UTC) == datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
    assert writing.to_json(found)["created_from"] == "2026-11-20T21:30:00Z"
    for wrong in ('"yesterday"', '"2026-11-20T18:30:00"', "7"):
        with pytest.raises(Invalid):
            read(orders_pb2.ListOrdersRequest, f'{{"created_from": {wrong}}}'.encode())


@given(st.dictionaries(TEXT, VALUE, max_size=4))
def test_a_free_document_comes_back_as_it_was(document: dict[str, Any]) -> None:
    message = reading.from_json(sessions_pb2.OpenSessionRequest, {"data": document})
    assert writing.to_json(message)["data"] == document


def test_the_same_answer_is_the_same_text_however_it_came_about() -> None:
    names = [f"name-{number}" for number in range(30)]
    answers = [
        analytics_pb2.GetOrderAnalyticsResponse(orders_by_status=dict.fromkeys(order, 1))
        for order in (names, names[::-1])
    ]
    assert list(writing.to_json(answers[0])["orders_by_status"]) == sorted(names)
    orders = [orders_pb2.Order(data={"inner": dict.fromkeys(order, 1.5)}) for order in (names, names[::-1])]
    for one, other in (answers, orders):
        kept = type(one).FromString(one.SerializeToString())
        assert len({str(writing.to_json(each)) for each in (one, other, kept)}) == 1


def test_a_list_of_quantities_by_line_may_be_an_object() -> None:
    found = read(fulfillments_pb2.CreateFulfillmentRequest, b'{"items": {"L-1": "2.5", "L-2": 1}}').items
    assert [(each.line_id, each.qty) for each in found] == [("L-1", "2.5"), ("L-2", "1")]
    for wrong in (b"[2]", b"null"):
        with pytest.raises(Invalid) as refusal:
            read(fulfillments_pb2.CreateFulfillmentRequest, b'{"items": {"L-1": %s}}' % wrong)
        assert refusal.value.context["field"] == "items.L-1"
