"""Who may go with whom: what fights over the same thing waits in line, and goes on together."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial
from typing import Generic, Protocol, TypeVar

SIZE = 100
"""Most that go together."""
LANES = 4
"""Most batches at a time."""


class Waiting(Protocol):
    """Something that waits for its turn."""

    @property
    def touched(self) -> frozenset[Hashable]:
        """What no other batch may touch at the same time."""

    @property
    def only(self) -> Hashable:
        """What not even two of one batch may share; None when there is no such thing."""

    @property
    def gone(self) -> bool:
        """Whether nobody waits for it any more."""


Item = TypeVar("Item", bound=Waiting)


class Lanes(Generic[Item]):
    """Serves items in batches. One that comes alone begins at once; what comes meanwhile is gathered.

    An item waits for those before it that touch the same, and never overtakes one of them, but for a twin: none is starved.
    What touches something else goes past, in another lane. `serve` gets a batch in the order of arrival and must not raise.
    """

    def __init__(self, serve: Callable[[Sequence[Item]], Awaitable[None]]) -> None:
        self._serve = serve
        self._waiting: deque[Item] = deque()
        self._busy: set[Hashable] = set()
        self._lanes: set[asyncio.Future[None]] = set()

    def add(self, item: Item) -> None:
        """Lets the item wait for its turn, which may be now."""
        self._waiting.append(item)
        if self._busy.isdisjoint(item.touched):
            self._begin()

    def _begin(self) -> None:
        while self._waiting and len(self._lanes) < LANES and (batch := self._next()):
            touched = frozenset[Hashable]().union(*(item.touched for item in batch))
            self._busy |= touched
            lane = asyncio.ensure_future(self._serve(batch))
            self._lanes.add(lane)
            lane.add_done_callback(partial(self._end, touched))

    def _end(self, touched: frozenset[Hashable], lane: "asyncio.Future[None]") -> None:
        self._lanes.discard(lane)
        self._busy -= touched
        self._begin()

    def _next(self) -> list[Item]:
        """Takes from the queue what touches nothing that another batch touches, nor anything that somebody before it waits for."""
        batch: list[Item] = []
        left: deque[Item] = deque()
        alone: set[Hashable] = set()
        taken = set(self._busy)
        for item in self._waiting:
            if item.gone:
                continue
            if len(batch) == SIZE or not taken.isdisjoint(item.touched):
                left.append(item)
                taken |= item.touched
            elif item.only in alone:
                # Others go past: it will most likely be told what its twin is told now, and there may be many like it.
                left.append(item)
            else:
                batch.append(item)
                alone.update(() if item.only is None else (item.only,))
        self._waiting = left
        return batch
