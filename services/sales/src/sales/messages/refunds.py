"""Refunds."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from comanda.sales.v1 import payments_pb2, sales_pb2
from comanda.sales.v1 import refunds_pb2 as pb
from sales.domain.refund import Refund, Wanted
from sales.domain.repayment import Repayment
from sales.messages.values import enum, time


def refund(found: Refund, repayments: Iterable[Repayment]) -> pb.Refund:
    """Returns the refund with what it gives back of which payment."""
    return pb.Refund(
        id=str(found.id),
        sale_id=str(found.sale_id),
        type=enum(pb.RefundType, found.type),
        status=enum(pb.RefundStatus, found.status),
        amount_q=found.amount_q,
        reason=found.reason,
        items=[
            pb.RefundItem(
                item_id=str(part.item_id), quantity=f"{part.quantity:.3f}", restock=part.restock, amount_q=part.amount_q
            )
            for part in found.items
        ],
        requested_by=found.requested_by,
        decided_by=found.decided_by,
        rejection_reason=found.rejection_reason,
        processed_by=found.processed_by,
        created_at=time(found.created_at),
        decided_at=time(found.decided_at),
        processed_at=time(found.processed_at),
        repayments=map(_repayment, repayments),
    )


def _repayment(found: Repayment) -> pb.Repayment:
    return pb.Repayment(
        payment_id=str(found.payment_id),
        method=enum(sales_pb2.PaymentMethod, found.method),
        amount_q=found.amount_q,
        state=enum(payments_pb2.PaymentOperationState, found.state),
        payment_intent_id=str(found.intent_id or ""),
        operation_id=str(found.operation_id or ""),
        transaction_id=found.transaction_id,
        error_code=found.error_code,
        error=found.error,
        settled_reason=found.settled_reason,
    )


def wanted(items: Iterable[pb.NewRefundItem]) -> list[Wanted]:
    """Returns the units that are to be taken back."""
    return [
        Wanted(UUID(each.item_id), Decimal(each.quantity), each.restock if each.HasField("restock") else True)
        for each in items
    ]
