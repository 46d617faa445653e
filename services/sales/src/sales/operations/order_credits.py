"""Orders on account: what their directives ask for, one after the other and all in one transaction.

The account is the one of sales: whatever raises what a customer owes or holds goes through his row, under its lock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.db import Tx
from kit.errors import DomainError, NotFound, Refused
from sales.domain import order_credit as domain
from sales.domain.credit import Entry
from sales.domain.customer import Customer
from sales.domain.order_credit import POSTED, RELEASED, OrderCredit
from sales.operations.order_payments import act_for
from sales.store import customers
from sales.store import order_credits as store
from sales.store.intents import identifier
from sales.store.order_credits import Place


class Wanted(NamedTuple):
    """What a directive wants. The amount (minor units), the currency, and the customer matter to a hold only."""

    business: UUID
    order_ref: str
    customer_id: str = ""
    amount_q: int = 0
    currency: str = ""


@dataclass
class Books:
    """What a batch has locked, as it is after what was done so far."""

    credits: dict[Place, OrderCredit]
    customers: dict[tuple[UUID, UUID], Customer]
    overdue_q: dict[tuple[UUID, UUID], int]

    def of(self, place: Place) -> tuple[OrderCredit, Customer]:
        """Returns what an order has, and whose it is."""
        found = self.credits[place]
        assert found.customer_id is not None, "only what nobody has is nobody's"
        return found, self.customers[(place[0], found.customer_id)]


Step = Callable[[Books, Wanted, datetime], Entry | None]
"""Does one thing for one order in the books, and returns the account's entry, if there is one."""


async def hold(tx: Tx, batch: Sequence[Wanted]) -> list[DomainError | None]:
    """Keeps credit for orders; returns for each why it cannot be, or None."""
    return await _all(tx, batch, _hold)


async def post(tx: Tx, batch: Sequence[Wanted]) -> list[DomainError | None]:
    """Turns what is kept for orders into what their customers owe."""
    return await _all(tx, batch, _post)


async def release(tx: Tx, batch: Sequence[Wanted]) -> list[DomainError | None]:
    """Gives back what orders have, and lets them have nothing any more."""
    return await _all(tx, batch, _release)


async def _all(tx: Tx, batch: Sequence[Wanted], step: Step) -> list[DomainError | None]:
    named = {(each.business, key) for each in batch if (key := identifier(each.customer_id))}
    orders = {each[:2] for each in batch}
    credits, known = await store.lock_all(tx, orders, named)
    books = Books(dict(credits), dict(known), await store.overdue(tx, named))
    ended = [_one(tx, each, step, books) for each in batch]
    for (business, order_ref), changed in books.credits.items():
        if changed != (before := credits.get((business, order_ref))):
            act_for(tx, business)
            (store.save if before else store.insert)(tx, changed)
    for (business, customer_id), customer in books.customers.items():
        if customer != known[(business, customer_id)]:
            act_for(tx, business)
            customers.save_account(tx, customer)
    return ended


def _one(tx: Tx, wanted: Wanted, step: Step, books: Books) -> DomainError | None:
    try:
        entry = step(books, wanted, tx.now)
    except DomainError as error:
        return error
    if entry:
        act_for(tx, wanted.business)
        customers.enter(tx, entry)
    return None


def _hold(books: Books, wanted: Wanted, now: datetime) -> None:
    place, key = wanted[:2], identifier(wanted.customer_id)
    if found := books.credits.get(place):
        domain.check_open(found)
        return
    customer = books.customers.get((wanted.business, key)) if key else None
    if customer is None:
        raise NotFound("customer_unknown", customer_id=wanted.customer_id)
    overdue_q = books.overdue_q[(wanted.business, customer.id)]
    kept, held = domain.hold(customer, wanted.order_ref, wanted.amount_q, overdue_q, wanted.currency, now)
    books.credits[place], books.customers[(wanted.business, customer.id)] = kept, held
    return


def _post(books: Books, wanted: Wanted, now: datetime) -> Entry | None:
    found = books.credits.get(wanted[:2])
    if found is None or found.state == RELEASED:
        raise Refused("no_credit_held", order_ref=wanted.order_ref)
    if found.state == POSTED:
        return None
    posted, customer, entry = domain.post(*books.of(wanted[:2]), now)
    books.credits[wanted[:2]], books.customers[(wanted.business, customer.id)] = posted, customer
    return entry if entry.amount_q else None


def _release(books: Books, wanted: Wanted, now: datetime) -> Entry | None:
    found = books.credits.get(wanted[:2])
    if found is None:
        books.credits[wanted[:2]] = domain.none(wanted.order_ref, now)
    if found is None or found.state == RELEASED:
        return None
    released, customer, entry = domain.release(*books.of(wanted[:2]))
    books.credits[wanted[:2]], books.customers[(wanted.business, customer.id)] = released, customer
    return entry if entry and entry.amount_q else None
