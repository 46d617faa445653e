"""The executing side of directives: do the work of a batch, and tell the owner how each ended, in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from google.protobuf.message import Message

from comanda.types.v1 import messaging_pb2
from kit import contract, outbox
from kit.consumer import Handler, Received
from kit.db import Tx
from kit.errors import Conflict, DomainError, Unavailable

M = TypeVar("M", bound=Message)
ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Settled:
    """How an attempt ended: done with a result, to be tried again, or failed for good."""

    outcome: "messaging_pb2.Outcome.ValueType"
    result: Message | None = None
    error_code: str = ""
    error: str = ""
    retry_after: float | None = None


def done(result: Message | None = None) -> Settled:
    """The work is done."""
    return Settled(messaging_pb2.OUTCOME_DONE, result)


def failed(error_code: str, error: str) -> Settled:
    """The work can never succeed."""
    return Settled(messaging_pb2.OUTCOME_FAILED, error_code=error_code, error=error)


def retry(error_code: str, error: str, after: float | None = None) -> Settled:
    """The work may succeed later; after is in seconds, the owner's back-off applies when it is None."""
    return Settled(messaging_pb2.OUTCOME_RETRY, error_code=error_code, error=error, retry_after=after)


Execute = Callable[[Tx, list[Received[M]]], Awaitable[Sequence[Settled | None]]]


def executes(message: type[M]) -> Callable[[Execute[M]], Handler[M]]:
    """Makes a function the executor of a directive: it returns one Settled for each of the batch, in order.

    None instead says that the work goes on, and that its end is told later (see tell). A second attempt at work that was done
    must be harmless. When a single directive raises, a DomainError means failed (a Conflict or Unavailable: retry) and anything
    else means retry.
    """
    topic = contract.topic(message)

    def decorate(execute: Execute[M]) -> Handler[M]:
        async def handle(tx: Tx, batch: list[Received[M]]) -> None:
            for received, settled in zip(batch, await execute(tx, batch), strict=True):
                if settled:
                    tell(tx, received.business, topic, received.directive_id, received.attempt, settled)

        async def give_up(tx: Tx, received: Received[M], error: BaseException) -> bool:
            tell(tx, received.business, topic, received.directive_id, received.attempt, _ending(error))
            return True

        return Handler(message, handle, give_up)

    return decorate


def _ending(error: BaseException) -> Settled:
    text = f"{type(error).__name__}: {error}"[:ERROR_LENGTH]
    if isinstance(error, DomainError) and not isinstance(error, Conflict | Unavailable):
        return failed(error.code, text)
    return retry(error.code if isinstance(error, DomainError) else "internal", text)


def tell(tx: Tx, business: UUID, topic: str, directive_id: str, attempt: int, settled: Settled) -> None:
    """Tells the owner of a directive how an attempt at it ended."""
    event = messaging_pb2.DirectiveSettled(
        directive_id=directive_id,
        topic=topic,
        attempt=attempt,
        outcome=settled.outcome,
        error_code=settled.error_code,
        error=settled.error[:ERROR_LENGTH],
    )
    if settled.retry_after is not None:
        event.retry_after.FromMilliseconds(int(settled.retry_after * 1000))
    if settled.result is not None:
        event.result.Pack(settled.result)
    outbox.add(tx, f"directive/{directive_id}", event, business=business)


def dispatch(
    message: Message, *, directive_id: UUID, attempt: int, business: UUID, aggregate: str, tx: Tx
) -> messaging_pb2.Envelope:
    """Wraps a directive for one attempt; the id is the attempt's, so that a repeat of it is known as such."""
    identifier = f"{directive_id}.{attempt}"
    wrapped = outbox.envelope(message, identifier=identifier, business=business, aggregate=aggregate, now=tx.now)
    wrapped.dispatch.directive_id = str(directive_id)
    wrapped.dispatch.attempt = attempt
    return wrapped
