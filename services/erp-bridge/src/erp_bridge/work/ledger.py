"""The ledger of effects as the work uses it: each entry is committed before the work goes on."""

from typing import Any
from uuid import UUID

import asyncpg

from erp_bridge.domain.effect import State
from erp_bridge.store import effects
from kit.db import Database, Tx


class Ledger:
    """The effects of one piece of work."""

    def __init__(self, database: Database, business: UUID, subject: str) -> None:
        self._database = database
        self._business = business
        self._subject = subject

    async def send(self, kind: str, code: str, intent: dict[str, Any]) -> int:
        """Notes that a call goes out, and returns how many times it then has."""

        async def work(tx: Tx, _: object) -> int:
            return await effects.send(tx, self._business, kind, code, self._subject, intent)

        return await self._database.run(work)

    async def note(self, kind: str, code: str, intent: dict[str, Any], state: State) -> None:
        """Notes an effect that is wanted and not sent, unless it is known."""

        async def work(tx: Tx, _: object) -> None:
            await effects.note(tx, self._business, kind, code, self._subject, intent, state)

        await self._database.run(work)

    async def settle(
        self, kind: str, code: str, state: State, answer: dict[str, Any] | None = None, error: str = ""
    ) -> None:
        """Notes what became of it."""

        async def work(tx: Tx, _: object) -> None:
            effects.settle(tx, self._business, kind, code, state, answer, error)

        await self._database.run(work)

    async def known(self, kind: str, code: str) -> asyncpg.Record | None:
        """Returns state, intent, and last answer of an effect, whoever sent it; None when nobody did."""
        return await self._database.read(lambda tx: effects.one(tx, self._business, kind, code))

    async def found(self, kind: str, codes: list[str]) -> dict[str, dict[str, Any]]:
        """Notes that the ERP shows effects of these codes, and returns the intents of those that this work has sent."""

        async def work(tx: Tx, _: object) -> dict[str, dict[str, Any]]:
            await effects.found(tx, self._business, kind, codes)
            ours = await effects.of_subject(tx, self._business, kind, self._subject)
            return {code: intent for code, intent in ours.items() if code in codes}

        return await self._database.run(work)
