"""What many clients saw at the same time, and whether stock that is changed by one of them after the other explains it."""

import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)


class Level(NamedTuple):
    """The units of a SKU at a moment."""

    on_hand: Decimal
    reserved: Decimal

    @property
    def free(self) -> Decimal:
        """Units that nobody holds."""
        return self.on_hand - self.reserved


class Step(NamedTuple):
    """An acknowledged operation on one SKU: how it changed the level, and what its answer says of the level before that.

    It took place at some moment between the time when it was asked for first and the time of its answer.
    """

    words: str
    began: float
    ended: float
    fits: Callable[[Level], bool]
    on_hand: Decimal = ZERO
    reserved: Decimal = ZERO

    def after(self, level: Level) -> Level:
        """Returns the level after the operation."""
        return Level(level.on_hand + self.on_hand, level.reserved + self.reserved)


class Unexplained(AssertionError):
    """There is no order of the operations that explains all answers. Says how far the best order comes."""

    def __init__(self, explained: int, level: Level, stuck: Sequence[Step]) -> None:
        tried = "\n".join(f"  {step.words}" for step in stuck)
        super().__init__(f"after {explained} operations, at {level}, none of these can be next:\n{tried}")


def anything(_: Level) -> bool:
    """Fits every level."""
    return True


def enough(qty: Decimal) -> Callable[[Level], bool]:
    """So many units were free."""
    return lambda level: level.free >= qty


def short(qty: Decimal, available: Decimal) -> Callable[[Level], bool]:
    """So many units were not free, but exactly as many as was said."""
    return lambda level: level.free < qty and max(level.free, ZERO) == available


def exactly(on_hand: Decimal, reserved: Decimal) -> Callable[[Level], bool]:
    """The level was just that."""
    return lambda level: level == (on_hand, reserved)


def explain(steps: Sequence[Step], start: Level) -> list[Step]:
    """Returns an order of the operations in which every answer is right; raises Unexplained.

    An operation that was answered before another was asked for stands before it: this is what makes a history linearizable
    (Herlihy and Wing). The search goes depth first and never tries the same set of operations twice (Wing and Gong, Lowe): the
    level depends on the set alone.
    """
    waiting = sorted(steps, key=lambda step: step.began)
    tried = {0}
    path: list[tuple[int, Level, Iterator[int]]] = [(0, start, iter(_next(waiting, 0)))]
    order: list[Step] = []
    best = Unexplained(0, start, [waiting[n] for n in _next(waiting, 0)])
    reached = 0
    while len(order) < len(waiting):
        done, level, choices = path[-1]
        for index in choices:
            more = done | 1 << index
            if more not in tried and waiting[index].fits(level):
                tried.add(more)
                order.append(waiting[index])
                path.append((more, waiting[index].after(level), iter(_next(waiting, more))))
                break
        else:
            if len(order) > reached:
                reached = len(order)
                best = Unexplained(reached, level, [waiting[n] for n in _next(waiting, done)])
            if not order:
                raise best
            path.pop()
            order.pop()
    return order


def _next(waiting: Sequence[Step], done: int) -> list[int]:
    """Returns which operations may be next: those that were asked for before any other that is left was answered."""
    first = (~done & (done + 1)).bit_length() - 1
    found, answered = [], math.inf
    for index in range(first, len(waiting)):
        if waiting[index].began > answered:
            break
        if not done >> index & 1:
            found.append(index)
            answered = min(answered, waiting[index].ended)
    return [index for index in found if waiting[index].began <= answered]
