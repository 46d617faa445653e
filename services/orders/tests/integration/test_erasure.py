"""Customers that sales has forgotten are forgotten here, too."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

from google.protobuf import json_format
from order_calls import FREE, committed, document, line, make_channel, opened, order_of

from comanda.orders.v1 import directives_pb2, orders_pb2, sessions_pb2
from comanda.sales.events.v1.sales_pb2 import CustomerErased
from kit import outbox
from kit.db import Tx
from kit.testing import eventually

NAME = "Zuleica Brandão"
HEARD = "select count(*) as heard from inbox where consumer = 'CustomerErased'"
STILL_NAMED = """
    select session_key from sessions where business_id = $1 and handle_ref = $2 and data::text like '%' || $3 || '%'
    union all
    select ref from orders where business_id = $1 and handle_ref = $2 and data::text like '%' || $3 || '%'
    union all
    select d.topic from directives d join orders o on o.business_id = d.business_id and o.ref = d.order_ref
    where d.business_id = $1 and o.handle_ref = $2 and d.payload::text like '%' || $3 || '%'
"""


def about(customer: str) -> dict[str, Any]:
    """What a buyer's session knows of him."""
    data = document(
        {
            "customer": {"id": customer, "name": NAME, "email": f"{customer}@example.com"},
            "delivery": {"date": "2999-12-31", "address": {"street": "Rua Zuleica", "number": "7"}},
            "notes": "ring twice",
        }
    )
    return {"handle_type": "customer", "handle_ref": customer, "data": data}


async def erased(hub: Any, customer: str, business: UUID | None = None) -> None:
    async def tell(tx: Tx, _: object) -> None:
        event = CustomerErased(customer_id=customer)
        outbox.add(tx, f"customer/{customer}", event, business=business or hub.business)

    await hub.process.database.run(tell)


async def heard(hub: Any, count: int) -> None:
    """Waits until so many erasures have been followed."""

    async def enough() -> bool:
        return bool((await hub.rows(HEARD))[0]["heard"] >= count)

    await eventually(enough, 60)


async def ordered(hub: Any, customer: str, channel: str = "web") -> str:
    session = await opened(hub, line("A"), channel=channel, **about(customer))
    ref: str = (await committed(hub, session.session_key, channel=channel)).order_ref
    return ref


async def test_a_customer_is_forgotten_wherever_that_may_change_once_and_nobody_else_is(hub: Any) -> None:
    config = {"post_commit_directives": ["erp.order.export"], "notifications": {"backend": "console"}}
    await make_channel(hub, config=config)
    customer, other = str(uuid4()), str(uuid4())
    ref, others = await ordered(hub, customer), await ordered(hub, other)
    before = await order_of(hub, ref)
    given_up = await opened(hub, line("A"), **about(customer))
    request = sessions_pb2.AbandonSessionRequest(session_key=given_up.session_key, channel_code="web")
    await hub.call(hub.sessions.AbandonSession, request)
    await opened(hub, line("A"), **about(customer))
    for business in (hub.business, hub.business, uuid4()):
        await erased(hub, customer if business == hub.business else other, business)
    await heard(hub, 3)

    order = await order_of(hub, ref)
    assert json_format.MessageToDict(order.data) == {
        "customer": {"id": customer},
        "delivery": {"date": "2999-12-31"},
        "delivery_date": "2999-12-31",
        "is_preorder": True,
        "notes": "ring twice",
    }
    assert (order.snapshot, order.status, order.total_q) == (before.snapshot, before.status, before.total_q)
    assert await hub.rows(STILL_NAMED, hub.business, customer, "Zuleica") == []
    assert len(await hub.rows(STILL_NAMED, hub.business, other, "Zuleica")) == len(
        ["session", "order", "export", "reminder"]
    )
    for words, refs in (("zuleica", [others]), (f"{customer}@example.com", []), (ref, [ref])):
        found = (await hub.call(hub.orders.ListOrders, orders_pb2.ListOrdersRequest(search=words))).items
        assert [each.ref for each in found] == refs
    events = (await hub.call(hub.orders.ListOrderEvents, orders_pb2.ListOrderEventsRequest(ref=ref))).items
    [told] = [json_format.MessageToDict(each.payload) for each in events if each.type == "data_updated"]
    assert told == {"patch": {"customer": {"name": None, "email": None}, "delivery": {"address": None}}}
    asked = directives_pb2.ListDirectivesRequest(order_ref=ref, topic=["erp.order.export"])
    [export] = (await hub.call(hub.directives.ListDirectives, asked)).items
    assert json_format.MessageToDict(export.payload)["order"]["data"]["customer"] == {"id": customer}


async def test_an_order_that_is_made_meanwhile_knows_nobody_either(hub: Any) -> None:
    customer, channels = str(uuid4()), [f"c{number}" for number in range(8)]
    for channel in channels:
        await make_channel(hub, channel, config=FREE)
    sessions = [await opened(hub, line("A"), channel=channel, **about(customer)) for channel in channels]
    commits = [
        committed(hub, each.session_key, channel=channel) for each, channel in zip(sessions, channels, strict=True)
    ]
    await asyncio.gather(*commits[:4], erased(hub, customer), *commits[4:])
    await heard(hub, 1)
    assert await hub.rows(STILL_NAMED, hub.business, customer, "Zuleica") == []
    assert len(await hub.rows("select ref from orders where handle_ref = $1", customer)) == len(channels)
