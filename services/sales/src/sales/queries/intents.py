"""Payment intents: one, how one stands, and a page at a time."""

from comanda.sales.v1 import payments_pb2 as pb
from kit import pages
from kit.db import Tx
from kit.errors import NotFound
from kit.filters import matching
from sales.domain.intent import Intent
from sales.messages import intents as messages
from sales.messages.values import enum, short
from sales.store import intents as store


async def get_intent(tx: Tx, intent_id: str) -> pb.PaymentIntent:
    """Returns an intent; raises NotFound(`intent_not_found`)."""
    keys = [key] if (key := store.identifier(intent_id)) else []
    # Before the intent: so an answer that comes between the two reads never shows as one that changed nothing.
    operations = await store.operations(tx, keys)
    found = await store.intent(tx, intent_id)
    return messages.intent(found, operations[found.id])


async def get_status(tx: Tx, intent_id: str) -> pb.GetPaymentStatusResponse:
    """Returns how an intent stands, also one that is not there (case O-P4)."""
    try:
        found = await store.intent(tx, intent_id)
    except NotFound:
        status = pb.PaymentIntentStatus.PAYMENT_INTENT_STATUS_NOT_FOUND
        return pb.GetPaymentStatusResponse(intent_id=intent_id, status=status)
    return pb.GetPaymentStatusResponse(
        intent_id=intent_id,
        status=enum(pb.PaymentIntentStatus, found.status),
        amount_q=found.amount_q,
        captured_q=found.captured_q,
        refunded_q=found.refunded_q,
        currency=found.currency,
    )


async def list_intents(tx: Tx, request: pb.ListPaymentIntentsRequest) -> pb.ListPaymentIntentsResponse:
    """Returns a page of the business's intents, newest first; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("status = any(?::text[])", [short(pb.PaymentIntentStatus, each) for each in request.status]),
        ("order_ref = ?", request.order_ref),
    )
    rows, token = await pages.newest(tx, request, f"select {store.COLUMNS} from payment_intents", where, values)
    found = [Intent(**row) for row in rows]
    operations = await store.operations(tx, [each.id for each in found])
    items = [messages.intent(each, operations[each.id]) for each in found]
    return pb.ListPaymentIntentsResponse(items=items, next_page_token=token)
