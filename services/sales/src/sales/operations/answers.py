"""What a provider said, written down: how an operation ended, what the intent is by now, and who hears of it."""

from dataclasses import replace
from uuid import UUID

from comanda.sales.directives.v1 import directives_pb2 as pb
from comanda.sales.events.v1 import payments_pb2 as events
from kit import contract, directives, outbox
from kit.db import Tx
from kit.directives import done, failed
from sales.domain import intent as domain
from sales.domain.intent import AUTHORIZE, CAPTURE, DECLINED, DONE, OPEN, REFUND, Answer, Intent, Operation, Snapshot
from sales.operations import intents
from sales.store import intents as store

WAIT_SECONDS = 60.0
"""How long the buyer's doing is waited for until the provider is asked again; its event comes sooner."""
DECLINED_CODE = "payment_declined"
DIRECTIVES = {AUTHORIZE: pb.AuthorizePayment, CAPTURE: pb.CapturePayment, REFUND: pb.RefundPayment}


async def settle(tx: Tx, operation_id: UUID, intent_id: UUID, answer: Answer) -> None:
    """Writes a provider's answer to an operation down, once: whoever comes with it later changes nothing."""
    before = await store.intent(tx, str(intent_id), lock=True)
    operation = await store.operation(tx, operation_id)
    if operation.state not in OPEN:
        return
    after = domain.seen(before, answer.snapshot, tx.now)
    if after != before:
        store.save(tx, after)
    if answer.state not in (DONE, DECLINED):
        intents.tell(tx, before, after, None)
        store.put_off(tx, operation_id, "", "the buyer has to do something", WAIT_SECONDS)
        return
    ended = replace(
        operation, state=answer.state, transaction_id=answer.transaction_id, settled_at=tx.now, error=answer.error,
        error_code=DECLINED_CODE if answer.state == DECLINED else "",
    )  # fmt: skip
    store.settle(tx, ended)
    intents.tell(tx, before, after, ended)
    if ended.state == DECLINED:
        _tell_declined(tx, after, ended)
    if ended.directive_id:
        _answer_directive(tx, ended)


def _tell_declined(tx: Tx, intent: Intent, ended: Operation) -> None:
    event = events.PaymentFailed(
        intent_id=str(intent.id),
        order_ref=intent.order_ref,
        operation=ended.kind,
        amount_q=ended.amount_q,
        error_code=ended.error_code,
        error=ended.error,
        directive_id=ended.directive_id,
    )
    outbox.add(tx, f"payment_intent/{intent.id}", event)


def _answer_directive(tx: Tx, ended: Operation) -> None:
    result = pb.PaymentResult(
        intent_id=str(ended.intent_id), transaction_id=ended.transaction_id, amount_q=ended.amount_q
    )
    settled = done(result) if ended.state == DONE else failed(ended.error_code, f"{ended.error_code}: {ended.error}")
    topic = contract.topic(DIRECTIVES[ended.kind])
    directives.tell(tx, tx.business, topic, ended.directive_id, ended.directive_attempt, settled)


async def look(tx: Tx, intent_id: UUID, snapshot: Snapshot) -> None:
    """Writes down what a provider says of an intent of which nothing is asked; else the answer to that says it."""
    before = await store.intent(tx, str(intent_id), lock=True)
    earlier = (await store.operations(tx, [intent_id]))[intent_id]
    if any(each.state in OPEN for each in earlier):
        store.hurry(tx, intent_id)
        return
    after = domain.seen(before, snapshot, tx.now)
    store.save(tx, after)
    intents.tell(tx, before, after, None)
