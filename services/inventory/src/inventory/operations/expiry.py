"""Reservations that ran out are ended. That only tidies: nobody who reads or reserves counts them."""

from uuid import UUID

from inventory.domain.book import Book
from inventory.store import ledger
from inventory.store.shelves import due, due_shelves, expire, lock_free_shelves
from kit.db import Tx
from kit.identity import NO_BUSINESS

SWEPT = 500
"""How many reservations that ran out are looked at in one go."""
CLEANED = 10_000
"""How many reservations one call ends at most."""


async def end_expired(tx: Tx) -> bool:
    """Ends reservations whose time is up; tells whether there may be more. Shelves in use are left for the next time."""
    seen, ended = await _end(tx, SWEPT)
    return seen == SWEPT and bool(ended)


async def cleanup(tx: Tx, dry_run: bool) -> int:
    """Ends the caller's reservations whose time is up, an operator's everybody's, and returns how many.

    A dry run only counts (case S-8). Those beyond a limit, and those on shelves that are in use, are left for the next call.
    """
    business = None if tx.business == NO_BUSINESS else tx.business
    if dry_run:
        return await due(tx, business)
    _, ended = await _end(tx, CLEANED, business)
    return ended


async def _end(tx: Tx, limit: int, business: UUID | None = None) -> tuple[int, int]:
    """Returns how many reservations that ran out were found, and how many of them were ended."""
    keys = await due_shelves(tx, limit, business)
    shelves = await lock_free_shelves(tx, keys)
    book = Book()
    ended = await expire(tx, book, shelves, shelves.known)
    ledger.write(tx, book)
    return len(keys), ended
