"""Pays refunds back: through the providers by which the money came, and for the rest by whoever stands at the counter.

The sale is locked first, then the intents of its payments.
"""

from collections.abc import Mapping
from uuid import UUID

from kit.db import Tx
from kit.errors import Refused
from sales.domain import repayment as domain
from sales.domain.intent import DONE, REFUND
from sales.domain.refund import Refund
from sales.domain.repayment import Repayment
from sales.domain.sale import Sale
from sales.operations import intents
from sales.operations.sales import about
from sales.store import audit
from sales.store import intents as intents_store
from sales.store import repayments as store


async def pay_back(tx: Tx, sale: Sale, refund: Refund) -> None:
    """Divides a refund over the payments of its sale, which does not count it yet, and asks their providers for it.

    Raises Refused(`exceeds_captured`) where a provider gave money back by itself.
    """
    if not refund.amount_q:
        return
    paid = {each.id: each for each in await store.paid(tx, sale.id)}
    parts = domain.divided(refund.amount_q, sale.amount_paid_q - sale.amount_refunded_q, list(paid.values()))
    through = {intent_id: part_q for key, part_q in parts.items() if (intent_id := paid[key].intent_id)}
    operations = await _ask(tx, through, refund.reason)
    for key, part_q in parts.items():
        intent_id = paid[key].intent_id
        store.insert(tx, refund.id, key, part_q, operations[intent_id] if intent_id else None)


async def ask_again(tx: Tx, refund: Refund) -> bool:
    """Asks providers again that declined to pay a locked refund back; tells whether there are any."""
    declined = await _declined(tx, refund)
    through = {each.intent_id: each.amount_q for each in declined if each.intent_id}
    operations = await _ask(tx, through, refund.reason)
    for each in declined:
        if each.intent_id:
            store.ask_again(tx, each, operations[each.intent_id])
    return bool(declined)


async def settle(tx: Tx, sale: Sale, refund: Refund, reason: str) -> None:
    """Notes that what providers declined to pay a locked refund back was paid in another way.

    Raises Refused(`nothing_declined`).
    """
    declined = await _declined(tx, refund)
    if not declined:
        raise Refused("nothing_declined", id=str(refund.id))
    for each in declined:
        store.settle(tx, each, reason)
        audit.record(
            tx, "payment.updated", f"Sale {sale.receipt_number}: paid back in another way", {"state": each.state},
            {"state": DONE, "amount_q": each.amount_q, "reason": reason}, payment_id=each.payment_id, refund_id=refund.id,
            **about(sale),
        )  # fmt: skip


async def _declined(tx: Tx, refund: Refund) -> list[Repayment]:
    return [each for each in (await store.of_refunds(tx, [refund.id]))[refund.id] if each.is_declined]


async def _ask(tx: Tx, parts: Mapping[UUID, int], reason: str) -> Mapping[UUID, UUID]:
    """Asks for so much (minor units) of each intent; returns the operations, by intent."""
    found, asked = await intents_store.lock_all(tx, [(tx.business, intent_id) for intent_id in parts], ())
    operations = {}
    for (business, intent_id), intent in found.items():
        earlier = asked[(business, intent_id)]
        after, operation = intents.perform(tx, intent, earlier, REFUND, parts[intent_id], reason)
        intents_store.save(tx, after)
        operations[intent_id] = operation.id
    return operations
