"""The import as a whole: supply first, then as many orders at a time as were asked for."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing
from itertools import islice
from pathlib import Path

from comanda_cli.api import Api, Refusal, Unreachable, together
from comanda_cli.olist import send
from comanda_cli.olist.file import BadLine, Survey, read
from comanda_cli.olist.record import Order
from comanda_cli.olist.send import Known
from comanda_cli.olist.supply import Supply, supply
from comanda_cli.olist.tally import Report, Tally

# Orders are looked up by so many at once: their ids must fit into a URL.
BATCH = 50

Task = tuple[Order, Known | None]
Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


class Feed:
    """Hands out the orders of a file to whoever asks, each with what Comanda has of it, until it is stopped."""

    def __init__(self, api: Api, entries: Iterator[Order | BadLine], bad: Callable[[BadLine], None]) -> None:
        self._api = api
        self._entries = entries
        self._bad = bad
        self._tasks: list[Task] = []
        self._turn = asyncio.Lock()
        self._stopped = False

    def stop(self) -> None:
        """Hands out nothing more."""
        self._stopped = True

    async def next(self) -> Task | None:
        """Returns an order that nobody else gets, or None when there is no more; raises Refusal or Unreachable."""
        async with self._turn:
            while not self._tasks and not self._stopped:
                batch = list(islice(self._entries, BATCH))
                if not batch:
                    return None
                self._tasks = await self._look_up(batch)
            return None if self._stopped else self._tasks.pop()

    async def _look_up(self, batch: list[Order | BadLine]) -> list[Task]:
        orders = [entry for entry in batch if isinstance(entry, Order)]
        for entry in batch:
            if isinstance(entry, BadLine):
                self._bad(entry)
        known = await send.find(self._api, [order.order_id for order in orders]) if orders else {}
        return [(order, known.get(order.order_id)) for order in reversed(orders)]


class Import:
    """One run over one file. Its tally can be read at any time; `stop` ends it after what is on its way."""

    def __init__(self, api: Api, path: Path, limit: int | None, report: Report, progress: Progress) -> None:
        self.tally = Tally()
        self._api = api
        self._report = report
        self._progress = progress
        self._feed = Feed(api, read(path, limit), self._bad_line)

    def stop(self) -> None:
        """Lets the orders that are on their way arrive, and sends no more."""
        self.tally.interrupted = True
        self._feed.stop()

    async def run(self, survey: Survey, concurrency: int) -> None:
        """Brings in what the orders want, then the orders; raises Refusal when the rules do not even allow the former.

        When Comanda cannot be reached any more, the tally says so.
        """
        try:
            await self._supply(survey, concurrency)
            await self._send(concurrency)
        except Unreachable as error:
            self.tally.interrupted = True
            self.tally.failure = str(error)

    async def _supply(self, survey: Survey, concurrency: int) -> None:
        done = Supply()
        ready = 0
        async with aclosing(supply(self._api, survey, concurrency, done)) as batches:
            async for count in batches:
                ready += count
                self._progress("Products and stock", ready, len(survey.demand))
                if self.tally.interrupted:
                    break
        self.tally.products_added = done.products
        self.tally.units_received = done.units
        for sku, refusal in done.refused:
            self._report.refused_product(sku, refusal)
        self._total = survey.orders + survey.bad_lines

    async def _send(self, concurrency: int) -> None:
        began = time.monotonic()
        try:
            await together(self._work() for _ in range(concurrency))
        finally:
            self.tally.seconds = time.monotonic() - began

    async def _work(self) -> None:
        while task := await self._feed.next():
            await self._handle(*task)
            self._tell()

    async def _handle(self, order: Order, known: Known | None) -> None:
        try:
            known = known or await send.place(self._api, order)
        except Refusal as refusal:
            self.tally.refused[refusal.code] += 1
            self._report.refused(order, refusal)
            return
        try:
            moved = await send.advance(self._api, order, known)
        except Refusal as refusal:
            moved = await send.get(self._api, known.ref)
            self.tally.not_moved[refusal.code] += 1
            self._report.refused(order, refusal)
        self.tally.accept(known, moved.status)

    def _bad_line(self, bad: BadLine) -> None:
        self.tally.bad_lines += 1
        self._report.bad_line(bad)
        self._tell()

    def _tell(self) -> None:
        self._progress("Orders", self.tally.handled, self._total)
