"""Units that customers send back are put back on their shelves, each return once."""

from collections.abc import Sequence

from inventory.domain.book import Book, Movement
from inventory.domain.order import Restock, put_back
from inventory.domain.stock import Sku
from inventory.operations import events, lots
from inventory.store import ledger
from inventory.store import restocks as store
from inventory.store.shelves import lock_shelves
from kit.db import Tx


async def restock(tx: Tx, restocks: Sequence[Restock]) -> list[bool]:
    """Puts the units of returns back where they came from; False: the order has not taken as many.

    A return that was put back before is left as it is.
    """
    wanted = {(each.order.business, each.number): each for each in restocks}
    fresh = await store.claim(tx, wanted.values())
    if not fresh:
        return [True for _ in restocks]
    skus = {Sku(each.order.business, sku) for key, each in wanted.items() if key in fresh for sku in each.items}
    # Looked at behind the locks: what another return of the same order has put back is seen.
    shelves = await lock_shelves(tx, skus)
    left = await store.left(tx, {each.order for each in wanted.values()})
    book, refused, back = Book(), set[tuple[object, str]](), list[Movement]()
    for key in sorted(fresh):
        units = put_back(wanted[key], left.get(wanted[key].order, {}))
        if units is None:
            refused.add(key)
            continue
        back += units
        for unit in units:
            left[wanted[key].order][unit.key] -= unit.qty_delta
    for moved in await lots.move(tx, book, shelves, back):
        events.returned(tx, moved)
    await store.unclaim(tx, [wanted[key] for key in fresh if key in refused])
    ledger.write(tx, book)
    return [(each.order.business, each.number) not in refused for each in restocks]
