"""Sends what is due: many at a time, each on its own, none of them in a transaction."""

import asyncio
import time
from datetime import UTC, datetime

import structlog
from prometheus_client import Counter

from kit import tasks
from kit.db import Database
from kit.errors import Unavailable
from orders.domain import notification
from orders.domain.delivery import CONSOLE, DELIVERED, EMAIL, WEBHOOK, Delivery, Outcome
from orders.operations import deliveries
from orders.outbound.mail import Mailer
from orders.outbound.webhooks import Caller

LOG = structlog.get_logger()
SENT = Counter("comanda_deliveries", "Attempts at deliveries.", ["kind", "outcome"])
MOST = 256
"""Most deliveries under way in a process: they wait for others, and cost next to nothing."""
MOST_OF_LANE = 4
"""Most deliveries under way to one address."""


class Courier:
    """Sends deliveries until it is cancelled; what it had under way then is sent again when its lease has run out."""

    def __init__(self, database: Database, mailer: Mailer, caller: Caller, poll_seconds: float) -> None:
        self._database = database
        self._mailer = mailer
        self._caller = caller
        self._poll = poll_seconds
        self._under_way: set[asyncio.Future[None]] = set()

    async def run(self) -> None:
        """Looks for what is due whenever something has been sent, and every so often."""
        try:
            while True:
                due = await self._due()
                for delivery in due:
                    task = asyncio.ensure_future(self._carry(delivery))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
                if not due:
                    await self._pause()
        finally:
            await tasks.cancel(self._under_way)

    async def _due(self) -> list[Delivery]:
        free = MOST - len(self._under_way)
        try:
            return await self._database.run(lambda tx, _: deliveries.lease(tx, MOST_OF_LANE, free)) if free else []
        except Unavailable:
            LOG.info("waiting for the database", task="courier")
        except Exception:  # a round that failed must not be the last one
            LOG.exception("no delivery could be leased")
        return []

    async def _pause(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._poll, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(self._poll)

    async def _carry(self, delivery: Delivery) -> None:
        started, clock = datetime.now(UTC), time.perf_counter()
        try:
            outcome = await self._sent(delivery)
        except Exception as error:  # whatever one delivery provokes must not stop the others
            LOG.exception("delivery failed", delivery_id=str(delivery.id))
            outcome = Outcome(error_code="internal", error=repr(error))
        milliseconds = int((time.perf_counter() - clock) * 1000)
        SENT.labels(delivery.kind, "failed" if outcome.error_code else "delivered").inc()
        try:
            await self._database.run(lambda tx, _: deliveries.settle(tx, delivery, outcome, started, milliseconds))
        except Exception:  # its lease runs out, and it is sent again
            LOG.exception("a delivery could not be settled", delivery_id=str(delivery.id))

    async def _sent(self, delivery: Delivery) -> Outcome:
        if delivery.kind == WEBHOOK:
            return await self._caller.send(delivery)
        if delivery.kind == EMAIL:
            return await self._mailer.send(delivery)
        if delivery.kind == CONSOLE:
            said = notification.message(delivery.payload, delivery.order_ref, "")
            LOG.info("notification", subject=said.subject, directive_id=str(delivery.directive_id))
            return DELIVERED
        return Outcome(error_code="backend_not_found", error=f"backend {delivery.kind} not found", final=True)
