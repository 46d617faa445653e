"""What a marketplace's events say."""

from typing import Any

import pytest

from kit.errors import Invalid
from orders.domain import flow, marketplace
from orders.domain.marketplace import Event

ITEM = {
    "externalCode": "PIZZA",
    "name": "Pizza",
    "quantity": 2,
    "unitPrice": 30.0,
    "totalPrice": 65.5,
    "observations": "sem cebola",
}
ORDER = {
    "displayId": "1234",
    "items": [ITEM, {"id": "I-2", "name": "Refri", "quantity": 0.5, "unitPrice": 9.99}],
    "total": {"deliveryFee": 7.9, "benefits": 5, "additionalFees": 0.99},
    "customer": {"id": "C-1", "name": "Ana", "phone": {"number": "0800 1"}},
    "delivery": {"deliveryAddress": {"city": "Recife"}},
}
DEFAULT = flow.of({})


def placed(order: Any) -> Event:
    [event] = marketplace.events({"id": "E-1", "code": "PLC", "orderId": "O-1", "order": order})
    return event


def test_a_placed_order_becomes_lines_with_their_options_in_the_price_charges_and_data() -> None:
    opening = marketplace.opening("ifood", placed(ORDER))
    pizza, drink, charges = opening.ops
    assert (pizza.sku, pizza.qty, pizza.unit_price_q, pizza.name) == ("PIZZA", "2", 3275, "Pizza")
    assert pizza.meta == {"observations": "sem cebola"}
    assert (drink.sku, drink.qty, drink.unit_price_q) == ("I-2", "0.5", 999)
    assert (charges.discount_q, charges.shipping_q, charges.tax_q) == (500, 790, 99)
    assert opening.data["customer"] == {"id": "C-1", "name": "Ana", "phone": "0800 1"}
    assert (opening.data["source"], opening.data["extra"]["ifood"]["displayId"]) == ("ifood", "1234")
    assert opening.session_key == "IFOOD-O-1"


@pytest.mark.parametrize(
    ("quantity", "total", "lines"),
    [
        (3, 10.00, [("2", 333), ("1", 334)]),
        (3, 9.99, [("3", 333)]),
        (7, "0.03", [("4", 0), ("3", 1)]),
        (1.5, 10.00, [("1.5", 667)]),
    ],
)
def test_whole_units_share_their_total_to_the_cent(quantity: float, total: Any, lines: list[tuple[str, int]]) -> None:
    item = {"externalCode": "PIZZA", "quantity": quantity, "totalPrice": total}
    ops = marketplace.opening("ifood", placed({"items": [item]})).ops
    assert [(op.qty, op.unit_price_q) for op in ops] == lines


@pytest.mark.parametrize(
    ("code", "means"),
    [("PLC", "PLACED"), ("CAN", "CANCELLED"), ("CON", "CONCLUDED"), ("dsp", "DISPATCHED"), ("XYZ", "XYZ")],
)
def test_short_codes_mean_the_long_ones(code: str, means: str) -> None:
    [event] = marketplace.events([{"code": code, "orderId": "O-1"}])
    assert (event.code, event.event_id) == (means, f"O-1:{means}")


@pytest.mark.parametrize(
    "value", [7, "PLACED", [], [[]], {"code": "PLC"}, {"orderId": "O-1"}, {"orderId": 7, "code": "PLC"}]
)
def test_what_is_no_event_is_refused(value: Any) -> None:
    if value == []:
        assert marketplace.events(value) == []
        return
    with pytest.raises(Invalid) as refusal:
        marketplace.events(value)
    assert refusal.value.code == "invalid_event"


@pytest.mark.parametrize(
    ("order", "field"),
    [
        (None, "order.items"),
        ({"items": []}, "order.items"),
        ({"items": [7]}, "order.items[0]"),
        ({"items": [{**ITEM, "quantity": 0}]}, "order.items[0].quantity"),
        ({"items": [{**ITEM, "quantity": "many"}]}, "order.items[0].quantity"),
        ({"items": [{**ITEM, "totalPrice": -1}]}, "order.items[0].totalPrice"),
        ({"items": [{"quantity": 1, "unitPrice": 1}]}, "order.items[0].externalCode"),
        ({"items": [{"id": "A", "quantity": 1}]}, "order.items[0].unitPrice"),
        ({"items": [ITEM], "total": {"deliveryFee": 1e99}}, "order.total.deliveryFee"),
    ],
)
def test_an_order_that_says_too_little_is_refused_with_the_place(order: Any, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        marketplace.opening("ifood", placed(order))
    assert (refusal.value.code, refusal.value.context["field"]) == ("invalid_event", field)


def test_steps_that_the_marketplace_leaves_out_are_walked_but_never_aside() -> None:
    assert marketplace.way(DEFAULT, "new", "ready") == ("confirmed", "ready")
    assert marketplace.way(DEFAULT, "dispatched", "completed") == ("delivered", "completed")
    assert marketplace.way(DEFAULT, "new", "cancelled") == ("cancelled",)
    assert marketplace.way(DEFAULT, "ready", "cancelled") == ()
    assert marketplace.way(DEFAULT, "completed", "confirmed") == ()


def test_a_signature_is_that_of_the_body_under_the_secret() -> None:
    """The example is RFC 4231's second test case."""
    good = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    body = b"what do ya want for nothing?"
    assert marketplace.signed("Jefe", body, good.upper())
    assert not marketplace.signed("Jefe", body + b" ", good)
    assert not marketplace.signed("jefe", body, good)
    assert not marketplace.signed("Jefe", body, "ação")


def test_the_reason_of_a_cancellation_is_looked_for_where_it_may_stand() -> None:
    assert marketplace.reason({"metadata": {"CANCELLATION_REASON": "sem estoque"}}) == "sem estoque"
    assert marketplace.reason({"reason": "x" * 600}) == "x" * 500
    assert marketplace.reason({"metadata": 7}) == ""
