"""Payment intents."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from comanda.sales.v1 import payments_pb2 as pb
from comanda.sales.v1 import sales_pb2
from kit.errors import Invalid
from sales.domain.intent import Intent, Operation
from sales.messages.values import enum, struct, time

OPEN = (
    pb.PaymentOperationState.PAYMENT_OPERATION_STATE_PENDING,
    pb.PaymentOperationState.PAYMENT_OPERATION_STATE_SENT,
)
"""In which the provider has not answered."""


def intent(found: Intent, operations: Sequence[Operation]) -> pb.PaymentIntent:
    """Returns the intent with what was asked for it."""
    return pb.PaymentIntent(
        id=str(found.id),
        provider=found.provider,
        method=enum(sales_pb2.PaymentMethod, found.method),
        amount_q=found.amount_q,
        currency=found.currency,
        status=enum(pb.PaymentIntentStatus, found.status),
        captured_q=found.captured_q,
        refunded_q=found.refunded_q,
        client_secret=found.client_secret,
        order_ref=found.order_ref,
        metadata=struct(found.metadata),
        operations=map(operation, operations),
        user=found.created_by,
        created_at=time(found.created_at),
        updated_at=time(found.updated_at),
        provider_ref=found.provider_ref,
        sale_id=str(found.sale_id or ""),
    )


def operation(found: Operation) -> pb.PaymentOperation:
    """Returns the operation."""
    return pb.PaymentOperation(
        id=str(found.id),
        kind=enum(pb.PaymentOperationKind, found.kind),
        state=enum(pb.PaymentOperationState, found.state),
        amount_q=found.amount_q,
        reason=found.reason,
        transaction_id=found.transaction_id,
        error_code=found.error_code,
        error=found.error,
        created_at=time(found.created_at),
        settled_at=time(found.settled_at),
        attempts=found.attempts,
    )


def event_subject(body: bytes) -> tuple[UUID, UUID]:
    """Returns the business and the intent that a provider's event is about; raises Invalid(`invalid_event`)."""
    try:
        data = orjson.loads(body)["data"]
        return UUID(data["business"]), UUID(data["reference"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid("invalid_event", field="body") from error
