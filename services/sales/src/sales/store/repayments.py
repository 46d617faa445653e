"""What refunds give back of payments. Whoever writes here has locked the sale."""

from collections.abc import Collection
from uuid import UUID

from kit.db import Tx
from sales.domain.repayment import Paid, Repayment

PAID = """
    select p.id, p.payment_intent_id, p.amount_q - (
        select coalesce(sum(r.amount_q), 0)::bigint from repayments r
        where r.business_id = p.business_id and r.payment_id = p.id
    ) as left_q
    from payments p where p.business_id = $1 and p.sale_id = $2 order by p.id
"""
OF_REFUNDS = """
    select r.refund_id, r.payment_id, r.amount_q, r.operation_id, p.method, p.payment_intent_id,
        case when r.settled_reason <> '' then 'done' else coalesce(o.state, 'done') end as state,
        coalesce(o.transaction_id, '') as transaction_id, coalesce(o.error_code, '') as error_code, coalesce(o.error, '') as error,
        r.settled_reason
    from repayments r
    join payments p on p.business_id = r.business_id and p.id = r.payment_id
    left join payment_operations o on o.business_id = r.business_id and o.id = r.operation_id
    where r.business_id = $1 and r.refund_id = any($2::uuid[]) order by r.refund_id, r.payment_id
"""
INSERT = """
    insert into repayments (business_id, payment_id, refund_id, amount_q, operation_id) values ($1, $2, $3, $4, $5)
"""
ASK_AGAIN = "update repayments set operation_id = $4 where business_id = $1 and payment_id = $2 and refund_id = $3"
SETTLE = "update repayments set settled_reason = $4 where business_id = $1 and payment_id = $2 and refund_id = $3"


async def paid(tx: Tx, sale_id: UUID) -> list[Paid]:
    """Returns the payments of a locked sale, oldest first."""
    return [Paid(*row) for row in await tx.connection.fetch(PAID, tx.business, sale_id)]


async def of_refunds(tx: Tx, refund_ids: Collection[UUID]) -> dict[UUID, list[Repayment]]:
    """Returns what each of some refunds gives back of which payment."""
    found: dict[UUID, list[Repayment]] = {each: [] for each in refund_ids}
    for row in await tx.connection.fetch(OF_REFUNDS, tx.business, list(refund_ids)):
        found[row["refund_id"]].append(Repayment(*row))
    return found


def insert(tx: Tx, refund_id: UUID, payment_id: UUID, amount_q: int, operation_id: UUID | None) -> None:
    """Saves what a refund gives back of a payment, in minor units."""
    tx.later(INSERT, tx.business, payment_id, refund_id, amount_q, operation_id)


def ask_again(tx: Tx, repayment: Repayment, operation_id: UUID) -> None:
    """Saves by which operation the provider is asked anew."""
    tx.later(ASK_AGAIN, tx.business, repayment.payment_id, repayment.refund_id, operation_id)


def settle(tx: Tx, repayment: Repayment, reason: str) -> None:
    """Saves that it was given back in another way than through its provider."""
    tx.later(SETTLE, tx.business, repayment.payment_id, repayment.refund_id, reason)
