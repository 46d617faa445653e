"""Takes to the provider what is asked of it, outside of any transaction: for the caller, and for whoever was killed.

Each operation is written down as sent before it goes out. Whoever takes one up that went out before asks the provider
what became of it, and sends it again only when the provider never heard of it; the provider knows it by its id in any case.
"""

import asyncio
from uuid import UUID

import structlog

from comanda.types.v1.options_pb2 import Role
from kit.db import Database, Tx
from kit.identity import Identity
from sales.domain.intent import OPEN, Operation
from sales.operations import answers
from sales.provider import Doubt, Online
from sales.store import intents as store

LOG = structlog.get_logger()
LEASE_SECONDS = 30.0
"""Longer than two calls take."""
BATCH = 20
PATIENCE_SECONDS = 5.0
LOOK_SECONDS = 0.05
SOONEST_SECONDS, LATEST_SECONDS = 0.25, 60.0


class Charges:
    """Takes operations to the provider, and looks at what it has; any number of processes may do so at once."""

    def __init__(self, database: Database, provider: Online) -> None:
        self._database = database
        self._provider = provider

    async def drive(self, caller: Identity, operation_id: UUID) -> None:
        """Takes a new operation out and waits for its end, for a while; it goes on without the caller."""
        claimed = await self._database.run(
            lambda tx, _: store.claim_new(tx, operation_id, LEASE_SECONDS), identity=caller
        )
        if claimed:
            await self._take(caller.business_id, claimed)
            return
        end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while asyncio.get_running_loop().time() < end:
            found = await self._database.read(lambda tx: store.operation(tx, operation_id), caller)
            if found.state not in OPEN:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def go_on(self) -> bool:
        """Takes out what is due; tells whether there may be more."""
        due = await self._database.run(lambda tx, _: store.claim_due(tx, BATCH, LEASE_SECONDS))
        await asyncio.gather(*(self._take(business, operation) for business, operation in due))
        return len(due) == BATCH

    async def look(self) -> bool:
        """Looks at what the provider may have changed by itself; tells whether there may be more."""
        due = await self._database.run(lambda tx, _: store.looks(tx, BATCH, LEASE_SECONDS))
        await asyncio.gather(*(self._look(business, intent_id) for business, intent_id in due))
        return len(due) == BATCH

    async def _take(self, business: UUID, operation: Operation) -> None:
        system = _system(business)
        intent = await self._database.read(lambda tx: store.intent(tx, str(operation.intent_id)), system)
        try:
            answer = await self._provider.answer_to(intent, operation) if operation.attempts > 1 else None
            answer = answer or await self._provider.ask(business, intent, operation)
        except Doubt as error:
            LOG.info("a provider is in doubt", operation=str(operation.id), error=str(error))
            seconds = min(LATEST_SECONDS, SOONEST_SECONDS * 2 ** min(operation.attempts, 10))
            words = str(error)[:500]

            async def put_off(tx: Tx, _: object) -> None:
                store.put_off(tx, operation.id, "provider_unreachable", words, seconds)

            await self._database.run(put_off, identity=system)
            return
        said = answer
        await self._database.run(lambda tx, _: answers.settle(tx, operation.id, intent.id, said), identity=system)

    async def _look(self, business: UUID, intent_id: UUID) -> None:
        system = _system(business)
        intent = await self._database.read(lambda tx: store.intent(tx, str(intent_id)), system)
        try:
            snapshot = await self._provider.look(intent)
        except Doubt as error:
            LOG.info("a provider is in doubt", intent=str(intent_id), error=str(error))
            return
        await self._database.run(lambda tx, _: answers.look(tx, intent_id, snapshot), identity=system)


def _system(business: UUID) -> Identity:
    return Identity(business, Role.ROLE_SERVICE, "system")
