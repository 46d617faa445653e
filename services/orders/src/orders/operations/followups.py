"""What a new order asks for: the work that its channel lists, notifications, and the reminder of a pre-order."""

from typing import Any

from kit.db import Tx
from orders.domain import checks, preorder
from orders.domain.channel import Rules
from orders.domain.directive import Task
from orders.domain.order import Order, customer, intent, named
from orders.domain.session import Session
from orders.operations import directives, exports, moves

STOCK_COMMIT = "stock.commit"
PAYMENT = "payment."


def enqueue(tx: Tx, session: Session, order: Order, rules: Rules, timezone: str) -> None:
    """Queues all of it; the reminder for nine o'clock of the day before the delivery, in the business's zone."""
    tasks = [_post_commit(order, topic, session) for topic in rules.post_commit]
    directives.enqueue(
        tx, [*tasks, *moves.notifications(order, rules, "created"), *_reminders(tx, order, rules, timezone)]
    )


def _post_commit(order: Order, topic: str, session: Session) -> Task:
    payload: dict[str, Any] = {**named(order)}
    if topic == STOCK_COMMIT:
        payload["holds"] = checks.holds(session)
    if topic == exports.TOPIC:
        payload["order"] = exports.content(order)
    if topic.startswith(PAYMENT):
        payload |= {"intent_id": intent(order), "amount_q": order.total_q, "currency": order.currency}
    if topic == moves.CREDIT_HOLD:
        payload |= {"customer_id": customer(order), "amount_q": order.total_q, "currency": order.currency}
    return Task(topic, payload, order.channel_code, order.session_key, order.ref)


def _reminders(tx: Tx, order: Order, rules: Rules, timezone: str) -> list[Task]:
    due = preorder.reminder_at(order.data, timezone)
    if due is None:
        return []
    said = {
        "event": f"order.{preorder.TEMPLATE}",
        "template": preorder.TEMPLATE,
        "backend": rules.told_by,
        "context": preorder.reminder(order.data),
    }
    payload = {"order_ref": order.ref, "channel_code": order.channel_code, **said}
    return [
        Task(moves.NOTIFY, payload, order.channel_code, order.session_key, order.ref, due if due > tx.now else None)
    ]
