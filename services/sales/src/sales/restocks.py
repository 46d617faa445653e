"""Tells the inventory of goods that return to the shelf: after the commit, and again until it has heard."""

from contextlib import suppress
from uuid import UUID

import structlog

from kit.db import Database, Tx
from kit.errors import DomainError, Unavailable
from kit.identity import Identity
from sales.stock import Stock
from sales.store import refunds as store
from sales.store.refunds import Restock

LOG = structlog.get_logger()
BATCH = 20


class Restocks:
    """Takes restocks from where they are written down to the inventory; each is safe to tell more than once."""

    def __init__(self, database: Database, stock: Stock) -> None:
        self._database = database
        self._stock = stock

    async def tell(self, caller: Identity, restock_id: UUID | None) -> None:
        """Tells of one at once, if there is one; the sweep does what does not succeed."""
        if restock_id is None:
            return
        found = await self._database.read(lambda tx: store.restock(tx, restock_id), caller)
        if found:
            with suppress(Unavailable):
                await self._tell(caller, found)

    async def _tell(self, caller: Identity, restock: Restock) -> None:
        await self._stock.take_back(
            caller, restock.storefront, restock.lines, str(restock.id), restock.reference, restock.reason
        )

        async def done(tx: Tx, _: object) -> None:
            store.restocked(tx, restock)

        await self._database.run(done)

    async def go_on(self) -> bool:
        """Tells of what waits; tells whether there may be more."""
        waiting = await self._database.read(lambda tx: store.restocks(tx, BATCH))
        for each in waiting:
            try:
                await self._tell(Identity(each.business, 0, "system"), each)
            except Unavailable:
                return False
            except DomainError as error:
                LOG.error("goods cannot return", restock=str(each.id), error=repr(error))
        return False
