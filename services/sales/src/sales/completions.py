"""Drives completions to their end, outside of any transaction: for the caller, for his repeat, and for whoever was killed."""

from typing import Any
from uuid import UUID

import structlog

from comanda.sales.v1 import sales_pb2 as pb
from kit import errors
from kit.db import Database, Tx
from kit.errors import Conflict, DomainError, Unavailable
from kit.identity import Identity
from sales.domain.sale import Sale
from sales.messages import sales as messages
from sales.operations import completion
from sales.stock import Stock
from sales.store import completions as store
from sales.store import sales as sales_store
from sales.store.completions import DONE, REVERTING, RUNNING, Attempt

LOG = structlog.get_logger()
STRAY_SECONDS = 3.0
"""How long after its beginning somebody else goes on with an attempt."""
BATCH = 20


class Completions:
    """Takes attempts from wherever they stand to their end; any number of drivers may be at one."""

    def __init__(self, database: Database, stock: Stock) -> None:
        self._database = database
        self._stock = stock

    async def drive(self, business: UUID, attempt: Attempt, sale: Sale | None = None) -> Attempt:
        """Returns the attempt at its end; raises Unavailable or Conflict when that is not to be had now.

        The sale is looked up unless it is given.
        """
        caller = Identity(business, attempt.caller["role"], attempt.caller["subject"])
        if attempt.state == RUNNING:
            if sale is None:
                sale = await self._database.read(lambda tx: sales_store.sale(tx, attempt.sale_id), caller)
            error = await self._sell(caller, attempt, sale)
            attempt = await self._database.write(
                lambda tx: completion.settle(_known(tx, attempt), attempt.id, error, messages.completed), caller
            )
        if attempt.state == REVERTING:
            ref = completion.stock_ref(attempt)
            await self._stock.bring_back(caller, ref, "the sale could not be completed")
            attempt = await self._database.run(
                lambda tx, _: completion.refuse(_known(tx, attempt), attempt.id), identity=caller
            )
        return attempt

    async def _sell(self, caller: Identity, attempt: Attempt, sale: Sale) -> dict[str, Any] | None:
        """Takes the units off the shelf; returns why that cannot be."""
        try:
            await self._stock.sell(caller, sale, completion.stock_ref(attempt))
        except (Unavailable, Conflict):
            raise
        except DomainError as error:
            return {
                "kind": type(error).__name__, "code": error.code, "message": error.message, "context": error.context,
            }  # fmt: skip
        return None

    async def go_on(self) -> bool:
        """Goes on with attempts that nobody seems to drive; tells whether there may be more."""
        found = await self._database.read(lambda tx: store.stray(tx, STRAY_SECONDS, BATCH))
        ended = 0
        for business, attempt_id in found:
            owner = Identity(business, 0, "system")
            attempt = await self._database.read(lambda tx, each=attempt_id: store.attempt(tx, each), owner)  # type: ignore[misc]  # mypy knows no type of a lambda's default
            try:
                await self.drive(business, attempt)
            except (Unavailable, Conflict) as error:
                LOG.info("a completion waits", attempt=str(attempt_id), error=repr(error))
            else:
                ended += 1
        return ended == BATCH


def _known(tx: Tx, attempt: Attempt) -> Tx:
    said = attempt.caller
    tx.address, tx.agent, tx.request_id = said["address"], said["agent"], said["request_id"]
    return tx


def answer(attempt: Attempt) -> pb.CompleteSaleResponse:
    """Returns what the caller of an attempt at its end is answered, or raises what it was refused for."""
    if attempt.state == DONE and attempt.answer is not None:
        return pb.CompleteSaleResponse.FromString(attempt.answer)
    error = attempt.error or {}
    kind: type[DomainError] = getattr(errors, error["kind"])
    raise kind(error["code"], message=error["message"], **error["context"])
