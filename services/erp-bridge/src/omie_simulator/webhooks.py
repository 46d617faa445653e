"""Delivery of events: in order for each endpoint, and none while an earlier one fails (omie-api.md 4)."""

import asyncio
import random
from typing import Any

import aiohttp

from omie_simulator.knobs import Knobs
from omie_simulator.store import Record
from omie_simulator.world import World

TRIES, TRY_SECONDS = 3, 7.0
LATER_SECONDS, LATER_TRY_SECONDS = 600.0, 20.0
GIVE_UP_SECONDS = 5 * 86400.0
POLL_SECONDS = 0.05
PING = {"ping": "omie"}


class Refused(Exception):
    """An endpoint did not answer the ping with 200."""


class Courier:
    """Delivers what the world has queued. Pauses are those of the simulator's clock, time-outs those of the machine."""

    def __init__(self, world: World, knobs: Knobs) -> None:
        self._world = world
        self._knobs = knobs
        self.delivered = 0
        self.failed = 0

    async def run(self) -> None:
        """Delivers until cancelled, to all endpoints at the same time."""
        rounds: dict[int, asyncio.Task[None]] = {}
        async with aiohttp.ClientSession() as session:
            try:
                while True:
                    for endpoint in self._world.store.rows("endpoints"):
                        if endpoint["id"] not in rounds or rounds[endpoint["id"]].done():
                            rounds[endpoint["id"]] = asyncio.create_task(self._round(session, endpoint))
                    await asyncio.sleep(POLL_SECONDS)
            finally:
                for task in rounds.values():
                    task.cancel()

    async def register(self, url: str, topics: list[str]) -> Record:
        """Adds an endpoint that answers the ping; raises Refused."""
        async with aiohttp.ClientSession() as session:
            if not await self._post(session, url, PING, TRY_SECONDS):
                raise Refused(url)
        known = next((each for each in self._world.store.rows("endpoints") if each["url"] == url), None)
        key = known["id"] if known else self._world.store.next_id("endpoints", 1)
        endpoint = self._world.store.put("endpoints", key, {"id": key, "url": url, "topics": topics})
        self._world.store.commit()
        return endpoint

    async def _round(self, session: aiohttp.ClientSession, endpoint: Record) -> None:
        """Delivers what is due of one endpoint, oldest first; the first failure ends it."""
        store = self._world.store
        for delivery in store.rows("deliveries"):
            if delivery["endpoint"] != endpoint["id"]:
                continue
            if delivery.get("next_at", 0.0) > self._world.clock.seconds() or self._is_late(delivery):
                return
            if not await self._deliver(session, endpoint["url"], delivery):
                return

    def _is_late(self, delivery: Record) -> bool:
        """Puts an event off, and with it those behind it, once, where a knob says so."""
        if "late" in delivery or not (late := self._knobs.strike(delivery["message"]["topic"], "late_webhook")):
            return False
        later = {"late": True, "next_at": self._world.clock.seconds() + late.seconds}
        self._world.store.put("deliveries", delivery["id"], {**delivery, **later})
        self._world.store.commit()
        return True

    async def _deliver(self, session: aiohttp.ClientSession, url: str, delivery: Record) -> bool:
        attempts = delivery.get("attempts", 0)
        seconds = TRY_SECONDS if attempts < TRIES else LATER_TRY_SECONDS
        store = self._world.store
        if await self._post(session, url, delivery["message"], seconds):
            self.delivered += 1
            if not self._knobs.strike(delivery["message"]["topic"], "duplicate_webhook"):
                store.remove("deliveries", delivery["id"])
            store.commit()
            return True
        self.failed += 1
        self._postpone(delivery, attempts + 1)
        store.commit()
        return False

    def _postpone(self, delivery: Record, attempts: int) -> None:
        now = self._world.clock.seconds()
        since = delivery.get("failing_since", now)
        if now - since > GIVE_UP_SECONDS:
            self._world.store.remove("deliveries", delivery["id"])
            return
        pause = random.uniform(1, 4) if attempts < TRIES else LATER_SECONDS
        kept = {"attempts": attempts, "failing_since": since, "next_at": now + pause}
        self._world.store.put("deliveries", delivery["id"], {**delivery, **kept})

    async def _post(self, session: aiohttp.ClientSession, url: str, message: Any, seconds: float) -> bool:
        try:
            async with session.post(url, json=message, timeout=aiohttp.ClientTimeout(total=seconds)) as answer:
                await answer.read()
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
