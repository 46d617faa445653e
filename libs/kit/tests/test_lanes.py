"""Lanes: a lone item is not delayed, what fights over the same thing goes together, and nobody is overtaken."""

import asyncio
import random
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from kit import lanes
from kit.lanes import Lanes


@dataclass
class Item:
    """Something with a name that touches things."""

    name: int
    touched: frozenset[Hashable]
    only: Hashable = None
    gone: bool = False


@dataclass
class Doors:
    """Serves batches only when it is told to, and remembers them."""

    begun: list[list[int]] = field(default_factory=list)
    running: dict[int, asyncio.Event] = field(default_factory=dict)
    busy: list[Hashable] = field(default_factory=list)

    async def serve(self, batch: Sequence[Item]) -> None:
        touched = {each for item in batch for each in item.touched}
        assert touched.isdisjoint(self.busy), "two batches touch the same"
        only = [item.only for item in batch if item.only]
        assert len(only) == len(set(only))
        self.busy += touched
        self.begun.append([item.name for item in batch])
        door = self.running[batch[0].name] = asyncio.Event()
        await door.wait()
        del self.running[batch[0].name]
        for each in touched:
            self.busy.remove(each)

    async def open(self, name: int) -> None:
        """Lets the batch that begins with an item end, and what waits for it begin."""
        self.running[name].set()
        await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def item(name: int, *touched: str, only: str | None = None) -> Item:
    return Item(name, frozenset(touched), only)


async def started(*items: Item) -> tuple[Doors, "Lanes[Item]"]:
    doors = Doors()
    found: Lanes[Item] = Lanes(doors.serve)
    for each in items:
        found.add(each)
    await settled()
    return doors, found


async def test_what_comes_alone_begins_at_once_and_what_comes_meanwhile_goes_together() -> None:
    doors, _ = await started(item(1, "a"), item(2, "a"), item(3, "a"), item(4, "a"))
    assert doors.begun == [[1]]
    await doors.open(1)
    assert doors.begun == [[1], [2, 3, 4]]


async def test_what_touches_something_else_goes_past() -> None:
    doors, _ = await started(item(1, "a"), item(2, "a"), item(3, "b"))
    assert doors.begun == [[1], [3]]


async def test_nobody_overtakes_one_who_waits_for_the_same() -> None:
    doors, _ = await started(item(1, "a"), item(2, "a", "b"), item(3, "b"), item(4, "c"))
    assert doors.begun == [[1], [4]]
    await doors.open(1)
    assert doors.begun == [[1], [4], [2, 3]]


async def test_two_with_the_same_key_never_go_together_and_hold_nobody_up() -> None:
    twins = [item(n, "a", "k", only="k") for n in (2, 3, 4)]
    doors, _ = await started(item(1, "a"), *twins, item(5, "a"), item(6, "a", "b"))
    await doors.open(1)
    await doors.open(2)
    await doors.open(3)
    assert doors.begun == [[1], [2, 5, 6], [3], [4]]


async def test_one_who_has_gone_is_left_out() -> None:
    doors, found = await started(item(1, "a"))
    left = item(2, "a")
    found.add(left)
    left.gone = True
    await doors.open(1)
    found.add(item(3, "a"))
    await settled()
    assert doors.begun == [[1], [3]]


async def test_no_more_lanes_than_there_are_and_no_batch_larger_than_allowed() -> None:
    doors, found = await started(*(item(n, f"thing {n}") for n in range(lanes.LANES + lanes.SIZE + 1)))
    assert doors.begun == [[n] for n in range(lanes.LANES)]
    await doors.open(0)
    assert len(doors.begun[-1]) == lanes.SIZE
    found.add(item(1000, "thing 1"))
    await doors.open(2)
    assert doors.begun[-1] == [lanes.LANES + lanes.SIZE]


async def test_whoever_touches_the_same_is_served_in_the_order_of_arrival() -> None:
    picks = random.Random(4)  # the same mixture in every run
    doors, found = await started()
    items = [item(n, *picks.sample("abcdef", picks.randint(1, 3))) for n in range(300)]
    for each in items:
        found.add(each)
        await settled()
        if doors.running and picks.random() < 0.6:
            await doors.open(picks.choice(list(doors.running)))
    while doors.running:
        await doors.open(picks.choice(list(doors.running)))
    served = [name for batch in doors.begun for name in batch]
    assert sorted(served) == list(range(300))
    for thing in "abcdef":
        order = [name for name in served if thing in items[name].touched]
        assert order == sorted(order)
