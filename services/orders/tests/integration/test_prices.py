"""Internal prices: by the channel's price list, then by the product, when the operation is made (cases O-S11, O-$2)."""

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.message import Message
from order_calls import FREE, committed, line, make_channel, modified, op, opened, refused, stocked, with_inventory

from comanda.inventory.events.v1 import events_pb2
from comanda.inventory.v1 import price_lists_pb2, products_pb2
from comanda.orders.v1 import orders_pb2, sessions_pb2
from kit import outbox
from kit.db import Tx
from kit.errors import Unavailable
from kit.testing import eventually

INTERNAL = {"pricing_policy": "PRICING_POLICY_INTERNAL"}


async def listed(hub: Any, sku: str, price_q: int | None) -> None:
    prices = [price_lists_pb2.ListedPrice(sku=sku, price_q=price_q)]
    await hub.call(hub.price_lists.SetPrices, price_lists_pb2.SetPricesRequest(code="happy", prices=prices))


async def priced(hub: Any, sku: str, price_q: int) -> None:
    prices = products_pb2.Prices(retail_price_q=price_q)
    await hub.call(hub.products.UpdateProduct, products_pb2.UpdateProductRequest(sku=sku, prices=prices))


async def happy_hour(hub: Any) -> None:
    await hub.call(hub.price_lists.CreatePriceList, price_lists_pb2.CreatePriceListRequest(code="happy", name="Happy"))


async def snapshot(hub: Any, ref: str) -> dict[str, Any]:
    order = (await hub.call(hub.orders.GetOrder, orders_pb2.GetOrderRequest(ref=ref))).order
    return dict(order.snapshot)


@with_inventory
async def test_o_s11_a_price_list_beats_the_product_and_the_product_fills_its_gaps(hub: Any) -> None:
    await make_channel(hub, config={"price_list": "happy"}, **INTERNAL)
    await stocked(hub, "LATTE", "9", 1500)
    before = await opened(hub, line("LATTE", "2", None))
    await happy_hour(hub)
    await listed(hub, "LATTE", 1200)
    happy = await opened(hub, line("LATTE", "2", None))
    await listed(hub, "LATTE", None)
    after = await opened(hub, line("LATTE", "2", None))
    await hub.call(
        hub.price_lists.UpdatePriceList, price_lists_pb2.UpdatePriceListRequest(code="happy", is_active=False)
    )
    closed = await opened(hub, line("LATTE", "2", None))
    assert [each.total_q for each in (before, happy, after, closed)] == [3000, 2400, 3000, 3000]
    made = await committed(hub, happy.session_key)
    [trace] = (await snapshot(hub, made.order_ref))["pricing"]["trace"]
    assert (trace["sku"], trace["price_q"], trace["source"]) == ("LATTE", 1200, "happy")


@with_inventory
async def test_a_line_keeps_the_price_of_the_moment_when_it_was_added(hub: Any) -> None:
    await make_channel(hub, config=FREE, **INTERNAL)
    await stocked(hub, "A", "9", 100)
    key = (await opened(hub, line("A", "1", None, line_id="1"))).session_key
    await priced(hub, "A", 150)
    session = await modified(hub, key, op("set_qty", line_id="1", qty="2"), line("A", "1", None))
    assert [(item.unit_price_q, item.line_total_q) for item in session.items] == [(100, 200), (150, 150)]
    session = await modified(hub, key, op("replace_sku", line_id="1", sku="A"))
    assert (session.items[0].unit_price_q, session.total_q) == (150, 450)


@with_inventory
async def test_what_an_action_offers_instead_costs_what_the_catalogue_says(hub: Any) -> None:
    await make_channel(hub, config={"required_checks_on_commit": ["taste"], "checks": {"taste": {}}}, **INTERNAL)
    await stocked(hub, "A", "9", 100)
    await stocked(hub, "B", "9", 70)
    key = (await opened(hub, line("A", "2", None, line_id="1"))).session_key
    ops = [op("replace_sku", line_id="1", sku="B"), line("A", "1", None)]
    found = sessions_pb2.CheckIssue(id="I", code="bland", actions=[sessions_pb2.CheckAction(id="A", ops=ops)])
    report = sessions_pb2.ReportCheckRequest(
        session_key=key, channel_code="web", rev=1, check_code="taste", issues=[found]
    )
    await hub.call(hub.sessions.ReportCheck, report)
    wanted = sessions_pb2.ResolveIssueRequest(session_key=key, channel_code="web", issue_id="I", action_id="A")
    session = (await hub.call(hub.sessions.ResolveIssue, wanted)).session
    assert [(item.sku, item.line_total_q) for item in session.items] == [("B", 140), ("A", 100)]


@with_inventory
async def test_a_price_set_by_hand_is_kept_and_told_in_the_orders_history(hub: Any) -> None:
    await make_channel(hub, config=FREE, **INTERNAL)
    await stocked(hub, "A", "9", 100)
    session = await opened(hub, line("A", "1", 80, line_id="1"), line("A", "1", 100), line("NEW", "1", 7, line_id="3"))
    assert session.total_q == 187
    ref = (await committed(hub, session.session_key)).order_ref
    events = (await hub.call(hub.orders.ListOrderEvents, orders_pb2.ListOrderEventsRequest(ref=ref))).items
    assert [(event.seq, event.type) for event in events] == [(1, "created"), (2, "price_overridden")]
    assert [dict(each) for each in events[1].payload["lines"]] == [
        {"line_id": "1", "sku": "A", "unit_price_q": 80, "list_price_q": 100},
        {"line_id": "3", "sku": "NEW", "unit_price_q": 7, "list_price_q": None},
    ]


@with_inventory
async def test_prices_in_another_currency_are_not_mixed_in(hub: Any) -> None:
    await make_channel(hub, config={"price_list": "happy"}, currency="USD", **INTERNAL)
    await stocked(hub, "A", "9", 100)
    await happy_hour(hub)
    error = await refused(opened(hub, line("A", "1", None)))
    assert (error.code, error.context["other"]) == ("currency_mismatch", "BRL")
    assert (await opened(hub, line("A", "1", 20))).currency == "USD"


async def test_a_channel_has_the_currency_of_its_business_unless_told_otherwise(hub: Any) -> None:
    await hub.rows("insert into businesses values ($1, 'Asia/Kolkata', 'INR')", hub.business)
    assert (await make_channel(hub, config=FREE)).currency == "INR"
    assert (await make_channel(hub, code="pos", config=FREE, currency="BRL")).currency == "BRL"


async def told(hub: Any, *events: Message, ago: int = 0) -> None:
    """Publishes events as inventory would have, some seconds ago, and returns when they are known."""

    async def tell(tx: Tx, _: Any) -> None:
        tx.now -= timedelta(seconds=ago)
        outbox.add(tx, "inventory", *events, business=hub.business)

    before = await heard(hub)
    await hub.process.database.run(tell)

    async def known() -> bool:
        return await heard(hub) >= before + len(events)

    await eventually(known)


async def heard(hub: Any) -> int:
    [row] = await hub.rows("select count(*) as heard from inbox")
    return int(row["heard"])


def product(sku: str, price_q: int, **fields: Any) -> events_pb2.ProductUpdated:
    prices = events_pb2.ProductPrices(retail_price_q=price_q)
    return events_pb2.ProductUpdated(sku=sku, name=sku, prices=prices, **{"is_active": True, **fields})


async def test_what_inventory_told_last_is_what_lines_cost_while_it_is_away(hub: Any) -> None:
    await make_channel(hub, config={"price_list": "happy"}, **INTERNAL)
    await told(hub, product("A", 100), product("B", 70), product("OLD", 5, is_active=False))
    await told(hub, events_pb2.PriceListCreated(code="happy", currency="BRL", is_active=True))
    listed = [events_pb2.PriceSet(sku="B", price_q=60)]
    await told(hub, events_pb2.PricesSet(price_list="happy", prices=listed))
    session = await opened(hub, line("A", "1", None), line("B", "1", None))
    assert [item.unit_price_q for item in session.items] == [100, 60]
    await told(hub, product("A", 90), ago=60)
    await told(hub, events_pb2.PricesSet(price_list="happy", prices=[events_pb2.PriceSet(sku="B")]))
    session = await opened(hub, line("A", "1", None), line("B", "1", None))
    assert [item.unit_price_q for item in session.items] == [100, 70]
    assert (await refused(opened(hub, line("OLD", "1", None)))).code == "product_inactive"
    assert type(await refused(opened(hub, line("A", "1", None), line("NEW", "1", None)))) is Unavailable


async def test_a_line_that_comes_with_its_price_is_sold_though_inventory_is_away(hub: Any) -> None:
    await make_channel(hub, config=FREE, **INTERNAL)
    assert (await opened(hub, line("A", "2", 50))).total_q == 100
    assert type(await refused(opened(hub, line("A", "2", None)))) is Unavailable


@pytest.mark.parametrize(("sku", "code"), [("NONE", "price_not_found"), ("OLD", "product_inactive")])
@with_inventory
async def test_what_has_no_price_or_is_not_for_sale_is_never_sold_for_nothing(hub: Any, sku: str, code: str) -> None:
    await make_channel(hub, config=FREE, **INTERNAL)
    await stocked(hub, "OLD", "9")
    await hub.call(hub.products.UpdateProduct, products_pb2.UpdateProductRequest(sku="OLD", is_active=False))
    assert (await refused(opened(hub, line(sku, "1", None)))).code == code
