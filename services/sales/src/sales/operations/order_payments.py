"""What orders ask to be done with their money: one after the other where it is about one intent, all in one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from comanda.types.v1.options_pb2 import Role
from kit.db import Tx
from kit.errors import DomainError, NotFound, Refused
from kit.identity import Identity
from sales.domain import intent as domain
from sales.domain.intent import AUTHORIZE, CAPTURE, DONE, OPEN, Intent, Operation
from sales.operations import intents
from sales.store import intents as store
from sales.store.intents import Place

ORDERS = "orders"
"""In whose name it is done."""


class Wanted(NamedTuple):
    """What a directive wants; an amount (minor units) of zero is all that there is."""

    business: UUID
    order_ref: str
    intent_id: str
    amount_q: int
    currency: str
    reason: str
    directive_id: str
    attempt: int


class Moved(NamedTuple):
    """What was done, at this attempt or before: by which transaction of the provider, and over how many minor units."""

    intent_id: str
    transaction_id: str
    amount_q: int


Ended = Moved | DomainError | None
"""What was moved, why nothing was, or None: the provider has not answered, and its answer tells the directive."""


async def perform(tx: Tx, kind: str, batch: Sequence[Wanted]) -> list[Ended]:
    """Does what is wanted, or has the provider asked for it; returns how each ended."""
    named = [(each.business, key) for each in batch if (key := store.identifier(each.intent_id))]
    unnamed = [(each.business, each.order_ref) for each in batch if not each.intent_id]
    intents_of, asked = await store.lock_all(tx, named, unnamed)
    before = dict(intents_of)
    ended = [_perform(tx, kind, each, intents_of, asked) for each in batch]
    for (business, intent_id), intent in intents_of.items():
        if intent != before[(business, intent_id)]:
            act_for(tx, business)
            store.save(tx, intent)
    return ended


def act_for(tx: Tx, business: UUID) -> None:
    """Lets what comes next in the transaction be done for a business, in the name of its orders."""
    tx.identity = Identity(business, Role.ROLE_SERVICE, ORDERS)


def _perform(
    tx: Tx, kind: str, wanted: Wanted, known: dict[Place, Intent], asked: dict[Place, list[Operation]]
) -> Ended:
    try:
        intent = _check(wanted, _found(wanted, known))
        place = (wanted.business, intent.id)
        if earlier := _earlier(kind, wanted, intent, asked[place]):
            known[place] = replace(intent, order_ref=wanted.order_ref)
            return earlier
        act_for(tx, wanted.business)
        if waiting := _waiting(wanted, asked[place]):
            store.take_over(tx, waiting.id, wanted.attempt)
            return None
        known[place], operation = intents.perform(
            tx, replace(intent, order_ref=wanted.order_ref), asked[place], kind, wanted.amount_q, wanted.reason,
            wanted.directive_id, wanted.attempt,
        )  # fmt: skip
    except DomainError as error:
        return error
    asked[place].append(operation)
    return _moved(intent, operation) if operation.state == DONE else None


def _waiting(wanted: Wanted, asked: Sequence[Operation]) -> Operation | None:
    """Returns what an earlier attempt at the directive asked for, while the provider has not answered."""
    return next((each for each in asked if each.directive_id == wanted.directive_id and each.state in OPEN), None)


def _found(wanted: Wanted, known: dict[Place, Intent]) -> Intent:
    """Returns the intent that is named, else the order's own, the youngest of several; raises NotFound or Refused."""
    if not wanted.intent_id:
        own = [each for (business, _), each in known.items() if (business, each.order_ref) == wanted[:2]]
        if not own or not wanted.order_ref:
            raise Refused("no_intent_id", order_ref=wanted.order_ref)
        return max(own, key=lambda each: each.id)
    key = store.identifier(wanted.intent_id)
    if key is None or (wanted.business, key) not in known:
        raise NotFound("intent_not_found", intent_id=wanted.intent_id)
    return known[(wanted.business, key)]


def _check(wanted: Wanted, intent: Intent) -> Intent:
    domain.check_free(intent)
    if intent.order_ref and wanted.order_ref and intent.order_ref != wanted.order_ref:
        raise Refused("intent_of_other_order", intent_id=str(intent.id), order_ref=wanted.order_ref)
    if wanted.currency and wanted.currency != intent.currency:
        raise Refused("currency_mismatch", currency=intent.currency, order_currency=wanted.currency)
    return intent


def _earlier(kind: str, wanted: Wanted, intent: Intent, asked: Sequence[Operation]) -> Moved | None:
    """Returns what was moved before: by an earlier attempt at the directive, or by whoever asked for the same."""
    for each in asked:
        if each.directive_id == wanted.directive_id and each.state == DONE:
            return _moved(intent, each)
    if not domain.already(intent, kind):
        return None
    last = next((each for each in reversed(asked) if each.kind == kind and each.state == DONE), None)
    amount_q = {AUTHORIZE: intent.amount_q, CAPTURE: intent.captured_q}.get(kind, 0)
    return Moved(str(intent.id), last.transaction_id if last else "", amount_q)


def _moved(intent: Intent, operation: Operation) -> Moved:
    return Moved(str(intent.id), operation.transaction_id, operation.amount_q)
