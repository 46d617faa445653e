"""Orders for a later day (case O-C16)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from order_calls import FREE, committed, document, line, make_channel, opened, order_of, refused, transitioned

from comanda.orders.v1 import directives_pb2

ZONE = ZoneInfo("America/Sao_Paulo")


def day(ahead: int) -> str:
    return f"{(datetime.now(ZONE) + timedelta(days=ahead)).date()}"


async def ordered(hub: Any, data: dict[str, Any]) -> Any:
    await make_channel(hub, config=FREE)
    session = await opened(hub, line("A"), data=document(data))
    return await order_of(hub, (await committed(hub, session.session_key)).order_ref)


async def reminders(hub: Any) -> Any:
    request = directives_pb2.ListDirectivesRequest(topic=["notification.send"])
    return (await hub.call(hub.directives.ListDirectives, request)).items


async def test_o_c16_an_order_for_a_later_day_is_a_pre_order_and_its_buyer_is_reminded_the_day_before(hub: Any) -> None:
    said = {
        "delivery_date": day(5),
        "delivery_time_slot": "manha",
        "order_notes": "sem cebola",
        "customer": {"name": "João"},
    }
    order = await ordered(hub, said)
    assert {key: order.data[key] for key in said if key != "customer"} == {k: said[k] for k in said if k != "customer"}
    assert order.data["is_preorder"] is True
    assert "is_preorder" not in order.snapshot["data"]
    [reminder] = await reminders(hub)
    due = datetime.combine(datetime.fromisoformat(day(4)).date(), datetime.min.time().replace(hour=9), ZONE)
    assert reminder.available_at.ToDatetime(tzinfo=UTC) == due
    assert reminder.payload["template"] == "preorder_reminder"
    context = dict(reminder.payload["context"])
    assert context == {"customer_name": "João", "delivery_date": day(5), "delivery_time_slot": "manha"}


async def test_nobody_is_reminded_of_an_order_that_was_cancelled(hub: Any) -> None:
    order = await ordered(hub, {"delivery": {"date": day(5)}})
    assert [each.status for each in await reminders(hub)] == ["queued"]
    await transitioned(hub, order.ref, "cancelled")
    assert [each.status for each in await reminders(hub)] == ["cancelled"]


@pytest.mark.parametrize("data", [{"delivery_date": day(0)}, {"delivery": {"date": day(0)}}])
async def test_an_order_for_today_is_none_and_nobody_is_reminded(hub: Any, data: dict[str, Any]) -> None:
    order = await ordered(hub, data)
    assert (order.data["is_preorder"], order.data["delivery_date"]) == (False, day(0))
    assert not await reminders(hub)


async def test_an_order_without_a_day_says_nothing_about_it(hub: Any) -> None:
    data = (await ordered(hub, {"delivery": {"date": "soon"}})).data
    assert not {"is_preorder", "delivery_date"} & set(data)


@pytest.mark.parametrize("written", ["soon", "20261121", "2026-W47-6", "2026-11-31", ""])
async def test_a_day_that_is_none_is_refused(hub: Any, written: str) -> None:
    await make_channel(hub, config=FREE)
    assert (await refused(opened(hub, data=document({"delivery_date": written})))).code == "invalid_date"
