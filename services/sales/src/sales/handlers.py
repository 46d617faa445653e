"""What other services ask of the books."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from comanda.sales.directives.v1 import directives_pb2 as pb
from kit.consumer import Handler, Received
from kit.db import Tx
from kit.directives import Settled, done, executes, failed, retry
from kit.errors import Conflict, DomainError
from kit.texts import render
from sales.domain.intent import AUTHORIZE, CAPTURE, REFUND
from sales.operations import order_credits, order_payments
from sales.operations.order_payments import Ended, Wanted
from sales.texts import TEXTS


def handlers() -> list[Handler[Any]]:
    """Returns all handlers."""
    return [
        executes(pb.AuthorizePayment)(_payments(AUTHORIZE)),
        executes(pb.CapturePayment)(_payments(CAPTURE)),
        executes(pb.RefundPayment)(_payments(REFUND)),
        hold_credit,
        post_credit,
        release_credit,
    ]


def _payments(kind: str) -> Callable[[Tx, list[Received[Any]]], Awaitable[Sequence[Settled | None]]]:
    """Returns what executes a directive about money."""

    async def execute(tx: Tx, batch: list[Received[Any]]) -> Sequence[Settled | None]:
        return [_ended(each) for each in await order_payments.perform(tx, kind, list(map(_wanted, batch)))]

    return execute


def _wanted(received: Received[Any]) -> Wanted:
    asked = received.message
    return Wanted(
        business=received.business,
        order_ref=asked.order_ref,
        intent_id=asked.intent_id,
        amount_q=asked.amount_q,
        currency=asked.currency,
        reason=getattr(asked, "reason", ""),
        directive_id=received.directive_id,
        attempt=received.attempt,
    )


def _ended(ended: Ended) -> Settled | None:
    if ended is None:
        return None
    return refusal(ended) if isinstance(ended, DomainError) else done(pb.PaymentResult(**ended._asdict()))


@executes(pb.HoldCredit)
async def hold_credit(tx: Tx, batch: list[Received[pb.HoldCredit]]) -> Sequence[Settled]:
    """Keeps credit of customers for orders."""
    wanted = [
        order_credits.Wanted(
            each.business,
            each.message.order_ref,
            each.message.customer_id,
            each.message.amount_q,
            each.message.currency,
        )
        for each in batch
    ]
    return list(map(_closed, await order_credits.hold(tx, wanted)))


@executes(pb.PostCredit)
async def post_credit(tx: Tx, batch: list[Received[pb.PostCredit]]) -> Sequence[Settled]:
    """Turns it into what they owe."""
    wanted = [order_credits.Wanted(each.business, each.message.order_ref) for each in batch]
    return list(map(_closed, await order_credits.post(tx, wanted)))


@executes(pb.ReleaseCredit)
async def release_credit(tx: Tx, batch: list[Received[pb.ReleaseCredit]]) -> Sequence[Settled]:
    """Gives it back."""
    wanted = [order_credits.Wanted(each.business, each.message.order_ref) for each in batch]
    return list(map(_closed, await order_credits.release(tx, wanted)))


def _closed(error: DomainError | None) -> Settled:
    return refusal(error) if error else done()


def refusal(error: DomainError) -> Settled:
    """Returns how a directive ends that is refused: for good, unless somebody else was only faster."""
    words = f"{error.code}: {render(error, TEXTS, 'pt')}"
    return retry(error.code, words) if isinstance(error, Conflict) else failed(error.code, words)
