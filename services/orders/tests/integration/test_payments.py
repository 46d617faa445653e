"""Work that is asked for over the API, and what work on payments leaves behind, with a stand-in for the sales service."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf import json_format
from order_calls import FREE, committed, document, line, make_channel, opened, order_of, refused, transitioned

from comanda.orders.v1 import directives_pb2, orders_pb2
from kit.db import Tx
from kit.errors import Invalid, Refused
from kit.testing import eventually
from orders.domain.directive import Task, release
from orders.operations import directives


async def created(hub: Any, topic: str, payload: dict[str, Any], **fields: Any) -> Any:
    request = directives_pb2.CreateDirectiveRequest(topic=topic, payload=document(payload), **fields)
    return (await hub.call(hub.directives.CreateDirective, request)).directive


async def ended(hub: Any, identifier: str) -> Any:
    async def over() -> Any:
        found = (
            await hub.call(hub.directives.GetDirective, directives_pb2.GetDirectiveRequest(id=identifier))
        ).directive
        return found if found.status in ("done", "failed") else None

    return await eventually(over)


async def ordered(hub: Any, config: dict[str, Any] = FREE, **data: Any) -> str:
    await make_channel(hub, config=config)
    session = await opened(hub, line("A", "1", 1000), data=document(data) if data else None)
    ref: str = (await committed(hub, session.session_key, wait=0)).order_ref
    return ref


async def entries(hub: Any, ref: str, kind: str) -> list[dict[str, Any]]:
    request = orders_pb2.ListOrderEventsRequest(ref=ref, type=[kind])
    events = (await hub.call(hub.orders.ListOrderEvents, request)).items
    return [json_format.MessageToDict(event.payload) for event in events]


async def test_o_p5_a_capture_takes_the_intent_of_the_order_and_stands_in_its_history(
    hub: Any, paid: list[Any]
) -> None:
    config = {
        "post_commit_directives": ["payment.capture"],
        "order_flow": {"auto_transitions": {"on_payment_confirm": "confirmed"}},
    }
    ref = await ordered(hub, config, payment={"intent_id": "pi_1"})
    request = directives_pb2.ListDirectivesRequest(order_ref=ref, topic=["payment.capture"])
    [task] = (await hub.call(hub.directives.ListDirectives, request)).items
    await ended(hub, task.id)
    [entry] = await entries(hub, ref, "payment.captured")
    assert (entry["intent_id"], entry["transaction_id"], entry["amount_q"]) == ("pi_1", "tx_1", 1000)
    assert [(each.intent_id, each.amount_q, each.currency) for each in paid] == [("pi_1", 1000, "BRL")]
    assert (await order_of(hub, ref)).status == "confirmed"


async def test_o_p5_a_capture_without_an_intent_fails_and_the_history_says_so(hub: Any, paid: list[Any]) -> None:
    ref = await ordered(hub, {"post_commit_directives": ["payment.capture"]})
    request = directives_pb2.ListDirectivesRequest(order_ref=ref, topic=["payment.capture"])
    [task] = (await hub.call(hub.directives.ListDirectives, request)).items
    assert (await ended(hub, task.id)).error_code == "no_intent_id"
    [entry] = await entries(hub, ref, "payment.failed")
    assert (entry["topic"], entry["error_code"]) == ("payment.capture", "no_intent_id")
    assert paid == []


async def test_an_order_is_refunded_when_all_that_was_paid_went_back(hub: Any, paid: list[Any]) -> None:
    config = {
        "order_flow": {
            "transitions": {"new": ["confirmed"], "confirmed": [], "refunded": []},
            "terminal_statuses": ["confirmed", "refunded"],
            "auto_transitions": {"on_refund": {"to": "refunded", "from": ["confirmed"]}},
        }
    }
    ref = await ordered(hub, config, payment={"intent_id": "pi_1"})
    await transitioned(hub, ref, "confirmed")
    capture = await created(hub, "payment.capture", {"order_ref": ref, "intent_id": "pi_1", "amount_q": 1000})
    await ended(hub, capture.id)
    for amount_q, status in ((400, "confirmed"), (600, "refunded")):
        asked = orders_pb2.RefundOrderRequest(ref=ref, amount_q=amount_q, reason="damaged")
        refund = (await hub.call(hub.orders.RefundOrder, asked)).refund
        await ended(hub, refund.directive_id)
        assert (await order_of(hub, ref)).status == status
    refunds = await entries(hub, ref, "payment.refunded")
    assert [(each["amount_q"], each["reason"]) for each in refunds] == [(400, "damaged"), (600, "damaged")]
    assert len(paid) == 3


async def test_stock_that_came_back_stands_in_the_history(hub: Any) -> None:
    ref = await ordered(hub)
    await transitioned(hub, ref, "cancelled")

    async def told() -> bool:
        return len(await entries(hub, ref, "inventory_released")) == 1

    await eventually(told)


async def test_work_asked_for_runs_at_once_or_when_it_is_due(hub: Any) -> None:
    ref = await ordered(hub)
    at_once = await created(hub, "stock.release", {"order_ref": ref, "reason": "count"})
    assert (at_once.order_ref, at_once.status, at_once.attempts) == (ref, "running", 1)
    await ended(hub, at_once.id)
    due = datetime.now(UTC) + timedelta(hours=1)
    later = await created(hub, "stock.release", {"reason": "later"}, order_ref=ref, available_at=due)
    assert (later.status, later.attempts, later.order_ref) == ("queued", 0, ref)
    assert json_format.MessageToDict(later.payload) == {"order_ref": ref, "reason": "later"}
    await hub.rows("update directives set due_at = now() where status = 'queued'")
    assert (await ended(hub, later.id)).status == "done"
    assert [message.reason for message in hub.stock.seen] == ["count", "later"]


async def test_o_d1_work_of_a_topic_that_nobody_executes_waits_and_costs_no_attempt(hub: Any) -> None:
    made = await created(hub, "kitchen.print", {"order_ref": "ORD-1", "copies": 2})
    assert (made.status, made.attempts, made.order_ref) == ("queued", 0, "ORD-1")
    asleep = directives_pb2.ListDirectivesRequest(status=["asleep"])
    assert (await refused(hub.call(hub.directives.ListDirectives, asleep))).code == "invalid_argument"
    request = directives_pb2.ListDirectivesRequest(topic=["kitchen.print"], status=["pending"])
    assert [each.id for each in (await hub.call(hub.directives.ListDirectives, request)).items] == [made.id]


async def test_work_that_cannot_be_understood_is_refused(hub: Any) -> None:
    unsound: list[tuple[str, dict[str, Any], dict[str, str], str]] = [
        ("stock.release", {"order_ref": 7}, {}, "invalid_payload"),
        ("payment.refund", {"order_ref": "ORD-1", "amount_q": "much"}, {}, "invalid_payload"),
        ("stock.release", {"order_ref": "ORD-1"}, {"order_ref": "ORD-2"}, "order_ref_mismatch"),
        ("", {}, {}, "invalid_argument"),
        ("no spaces", {}, {}, "invalid_argument"),
        ("x" * 65, {}, {}, "invalid_argument"),
    ]
    for topic, payload, fields, code in unsound:
        assert (await refused(created(hub, topic, payload, **fields))).code == code
    assert await hub.rows("select 1 from directives") == []


@pytest.mark.parametrize(
    ("topic", "payload", "field"),
    [
        ("stock.restock", {"return_number": "R1", "items": [{"sku": "A", "qty": "1"}]}, "order_ref"),
        ("stock.restock", {"order_ref": "ORD-1", "items": [{"sku": "A", "qty": "1"}]}, "return_number"),
        ("stock.restock", {"order_ref": "ORD-1", "return_number": "R1"}, "items"),
        ("stock.restock", {"order_ref": "ORD-1", "return_number": "R1", "items": [{"qty": "1"}]}, "items[0].sku"),
        *(
            (
                "stock.restock",
                {"order_ref": "O", "return_number": "R", "items": [{"sku": "A", "qty": qty}]},
                "items[0].qty",
            )
            for qty in ("", "0", "0.000", "-1", "1.2345", "1e3")
        ),
        ("stock.hold", {"session_key": "S", "items": [{"sku": "A", "qty": "0"}]}, "items[0].qty"),
        ("stock.commit", {"session_key": "S"}, "order_ref"),
        ("stock.commit", {"order_ref": "ORD-1", "holds": [{"hold_id": "H1"}]}, "holds[0].hold_id"),
        ("payment.refund", {"order_ref": "ORD-1", "amount_q": -1}, "amount_q"),
        ("credit.hold", {"amount_q": 100}, "order_ref"),
        ("erp.attachments.transfer", {"destino_id": 7}, "origem_id"),
        ("erp.purchase_order.close", {"numero_pedido": "7", "id_nf_servico": 7}, "numero_nf_servico"),
    ],
)
async def test_work_that_its_executor_could_never_do_is_refused_and_the_field_named(
    hub: Any, topic: str, payload: dict[str, Any], field: str
) -> None:
    error = await refused(created(hub, topic, payload))
    assert (type(error), error.code) == (Invalid, "invalid_payload")
    assert {each.field for each in error.violations} == {f"payload.{field}"}
    assert await hub.rows("select 1 from directives") == []


async def test_o_d6_work_of_a_transaction_that_rolls_back_never_happens(hub: Any) -> None:
    async def undone(tx: Tx, _: Any) -> None:
        directives.enqueue(tx, [release("web", "SESS-GONE", "typo")], hub.business)
        directives.enqueue(tx, [Task("notification.send", {"event": "x"}, "web", "SESS-GONE")], hub.business)
        await tx.flush()
        raise Refused("abandoned", session_key="SESS-GONE")

    with pytest.raises(Refused):
        await hub.process.database.run(undone)
    made = await created(hub, "stock.release", {"order_ref": "ORD-1"})
    await ended(hub, made.id)
    assert [message.order_ref for message in hub.stock.seen] == ["ORD-1"]
    assert await hub.rows("select 1 from deliveries") == []
