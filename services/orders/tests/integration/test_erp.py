"""What the ERP is told of orders, and what it tells back."""

from typing import Any

import pytest
from google.protobuf import json_format
from order_calls import FREE, committed, document, line, make_channel, opened, order_of

from comanda.erp.events.v1 import events_pb2 as erp
from comanda.orders.v1 import directives_pb2, orders_pb2
from kit import outbox
from kit.db import Tx
from kit.errors import Invalid, NotFound
from kit.testing import eventually

EXPORT = "erp.order.export"


async def ordered(hub: Any, config: dict[str, Any]) -> str:
    """An order of one and a half of A, with a customer."""
    await make_channel(hub, config=config)
    session = await opened(hub, line("A", "1.5", 333), data=document({"customer": {"name": "Ana"}}))
    ref: str = (await committed(hub, session.session_key, wait=0)).order_ref
    return ref


async def test_the_work_of_booking_an_order_carries_the_order(hub: Any) -> None:
    ref = await ordered(hub, {"post_commit_directives": [EXPORT]})
    [task] = (await hub.call(hub.directives.ListDirectives, directives_pb2.ListDirectivesRequest(order_ref=ref))).items
    told = json_format.MessageToDict(task.payload)["order"]
    [item] = told["items"]
    assert (item["sku"], item["qty"], item["unit_price_q"], item["line_total_q"]) == ("A", "1.500", 333, 500)
    assert (told["total_q"], told["status"], told["last_seq"], told["currency"]) == (500, "new", 1, "BRL")
    assert told["data"]["customer"] == {"name": "Ana"}
    assert task.status == "running"


async def test_whoever_asks_for_it_later_sends_the_order_as_it_is_and_not_as_he_says(hub: Any) -> None:
    ref = await ordered(hub, FREE)
    forged = document({"order_ref": ref, "order": {"total_q": 1}})
    request = directives_pb2.CreateDirectiveRequest(topic=EXPORT, payload=forged)
    made = (await hub.call(hub.directives.CreateDirective, request)).directive
    told = json_format.MessageToDict(made.payload)
    assert (told["order"]["total_q"], told["channel_code"]) == (500, "web")
    for wrong, expected in (({"order_ref": "ORD-0"}, NotFound), ({}, Invalid)):
        with pytest.raises(expected):
            await hub.call(
                hub.directives.CreateDirective,
                directives_pb2.CreateDirectiveRequest(topic=EXPORT, payload=document(wrong)),
            )


async def test_what_the_erp_did_stands_in_the_history_and_changes_no_status(hub: Any) -> None:
    ref = await ordered(hub, FREE)

    async def tell(tx: Tx, _: object) -> None:
        events = (
            erp.OrderBooked(order_ref=ref, external_id=9000007298, external_number="901"),
            erp.OrderInvoiced(order_ref=ref, external_id=9000007298, number="1001", access_key="3526"),
            erp.OrderCancelledInErp(order_ref=ref, external_id=9000007298, by_person=True),
        )
        outbox.add(tx, f"erp/{ref}", *events, business=hub.business)

    await hub.process.database.run(tell)
    request = orders_pb2.ListOrderEventsRequest(ref=ref, type=["erp.booked", "erp.invoiced", "erp.cancelled"])

    async def known() -> dict[str, Any]:
        events = (await hub.call(hub.orders.ListOrderEvents, request)).items
        found = {each.type: json_format.MessageToDict(each.payload) for each in events}
        return found if len(found) == len(request.type) else {}

    found: Any = await eventually(known, 60)
    assert (found["erp.booked"]["external_id"], found["erp.booked"]["external_number"]) == (9000007298, "901")
    assert (found["erp.invoiced"]["number"], found["erp.invoiced"]["access_key"]) == ("1001", "3526")
    assert found["erp.cancelled"]["by_person"] is True
    assert (await order_of(hub, ref)).status == "new"
