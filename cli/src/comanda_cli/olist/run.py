"""The import as a whole: products first, then as many orders at a time as were asked for, each with its stock."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from comanda_cli.api import Api, Refusal, Unreachable, together
from comanda_cli.olist import send, supply
from comanda_cli.olist.file import BadLine, Survey, read
from comanda_cli.olist.record import Order
from comanda_cli.olist.send import Known
from comanda_cli.olist.tally import Report, Tally

# Orders are looked up by so many at once: their ids must fit into a URL.
BATCH = 50

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


class Task(NamedTuple):
    """An order, what Comanda has of it, and whether its stock is there (or was, when it is an order already)."""

    order: Order
    known: Known | None
    has_stock: bool


class Feed:
    """Hands out the orders of a file to whoever asks, each with what Comanda has of it, until it is stopped."""

    def __init__(self, api: Api, entries: Iterator[Order | BadLine], bad: Callable[[BadLine], None]) -> None:
        self._api = api
        self._entries = entries
        self._bad = bad
        self._tasks: list[Task] = []
        self._turn = asyncio.Lock()
        self._stopped = False
        self.units_received = 0

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
        stocked = await self._stock([each for each in orders if each.order_id not in known])
        return [Task(each, known.get(each.order_id), each.order_id in stocked) for each in reversed(orders)]

    async def _stock(self, orders: list[Order]) -> set[str]:
        """Receives the stock of orders together; returns those that have it. Where one is in the way, each is on its own."""
        stocked = await supply.received(self._api, orders)
        missing = [each for each in orders if each.order_id not in stocked]
        with suppress(Refusal):
            await self.receive(missing)
            stocked |= {each.order_id for each in missing}
        return stocked

    async def receive(self, orders: list[Order]) -> None:
        """Receives the stock of orders, and counts it; raises Refusal or Unreachable."""
        units = await supply.receive(self._api, orders)
        self.units_received += units


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
        """Makes what the orders are of, then the orders; raises Refusal when the rules do not even allow the former.

        When Comanda cannot be reached any more, the tally says so.
        """
        try:
            await self._prepare(survey, concurrency)
            await self._send(concurrency)
        except Unreachable as error:
            self.tally.interrupted = True
            self.tally.failure = str(error)

    async def _prepare(self, survey: Survey, concurrency: int) -> None:
        done = supply.Supply()
        ready = 0
        async with aclosing(supply.prepare(self._api, survey.products, concurrency, done)) as batches:
            async for count in batches:
                ready += count
                self._progress("Products", ready, len(survey.products))
                if self.tally.interrupted:
                    break
        self.tally.products_added = done.made
        for sku, refusal in done.refused:
            self._report.refused_product(sku, refusal)
        self._total = survey.orders + survey.bad_lines

    async def _send(self, concurrency: int) -> None:
        began = time.monotonic()
        try:
            await together(self._work() for _ in range(concurrency))
        finally:
            self.tally.seconds = time.monotonic() - began
            self.tally.units_received = self._feed.units_received

    async def _work(self) -> None:
        while task := await self._feed.next():
            await self._handle(*task)
            self._tell()

    async def _handle(self, order: Order, known: Known | None, has_stock: bool) -> None:
        try:
            if known is None:
                if not has_stock:
                    await self._feed.receive([order])
                known = await send.place(self._api, order)
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
