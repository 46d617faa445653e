"""Stock as one person with a pencil would keep it: what the service must answer when it is asked one thing at a time."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)
PLACES = ("main", "spare")
"""By priority."""


class Refusal(Exception):
    """What is not possible, and for want of stock the short lines: SKU, location, wanted, and what there is."""

    def __init__(self, code: str, *lines: tuple[str, str, Decimal, Decimal]) -> None:
        super().__init__(code, *lines)
        self.code, self.lines = code, list(lines)


class Part(NamedTuple):
    """Units on one shelf."""

    sku: str
    place: str
    qty: Decimal


@dataclass
class Hold:
    """A reservation; `left` is how many seconds it may live."""

    owner: str
    sku: str
    place: str
    qty: Decimal
    left: int
    fulfilled: Decimal = ZERO
    status: str = "active"

    @property
    def shown(self) -> str:
        """The status that a reader sees."""
        return "expired" if self.status == "active" and self.left <= 0 else self.status

    @property
    def held(self) -> Decimal:
        """What it keeps from others."""
        return self.qty - self.fulfilled if self.shown == "active" else ZERO

    def check(self) -> None:
        """Raises why nothing can be done with it any more."""
        if self.shown != "active":
            raise Refusal(f"reservation_{self.shown}")


@dataclass
class Model:
    """All shelves of a business, and everything that was ever reserved, by id."""

    steps: dict[str, Decimal]
    on_hand: defaultdict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    holds: dict[str, Hold] = field(default_factory=dict)
    under_way: dict[str, Part] = field(default_factory=dict)
    """By transfer: what has not arrived yet, and where it goes."""

    def reserved(self, sku: str, place: str) -> Decimal:
        """What is held on a shelf."""
        return sum((hold.held for hold in self.holds.values() if (hold.sku, hold.place) == (sku, place)), ZERO)

    def reserve(self, lines: dict[tuple[str, str], Decimal], *, partial: bool) -> list[Part]:
        """Returns what shelves the lines (by SKU and place, "" for any) get; changes nothing."""
        for (sku, _), qty in lines.items():
            self._check_step(sku, qty)
        free = {key: units - self.reserved(*key) for key, units in self.on_hand.items()}
        taken: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        short = []
        for (sku, wanted), qty in sorted(lines.items(), key=lambda line: not line[0][1]):
            got = ZERO
            for place, units in self._split(free, sku, [wanted] if wanted else list(PLACES), qty):
                free[sku, place] -= units
                taken[sku, place] += units
                got += units
            if got < qty:
                short.append((sku, wanted, qty, got))
        if short and not partial:
            raise Refusal("insufficient_stock", *short)
        return [Part(sku, place, qty) for (sku, place), qty in sorted(taken.items())]

    def _split(
        self, free: dict[tuple[str, str], Decimal], sku: str, places: list[str], qty: Decimal
    ) -> list[tuple[str, Decimal]]:
        there = {place: self._whole(sku, free.get((sku, place), ZERO)) for place in places}
        for place, units in there.items():
            if units >= qty:
                return [(place, qty)]
        parts = []
        for place, units in there.items():
            if part := min(units, qty):
                parts.append((place, part))
                qty -= part
        return parts

    def release(self, identifier: str) -> None:
        """Gives a hold up; one that is over stays as it is."""
        hold = self.holds[identifier]
        hold.status = "released" if hold.shown == "active" else hold.shown

    def release_all(self, owner: str) -> int:
        """Gives up what an owner holds; returns how much of it was good."""
        active = [key for key, hold in self.holds.items() if hold.owner == owner and hold.shown == "active"]
        for identifier in active:
            self.release(identifier)
        return len(active)

    def extend(self, identifier: str, seconds: int) -> None:
        """Lets a hold live at least so long."""
        hold = self.holds[identifier]
        hold.check()
        hold.left = max(hold.left, seconds)

    def fulfil(self, identifier: str, qty: Decimal | None) -> None:
        """Lets units leave, all that are held when no quantity is said."""
        hold = self.holds[identifier]
        if hold.status == "committed":
            return
        hold.check()
        leaving = hold.held if qty is None else qty
        if leaving > hold.held:
            raise Refusal("exceeds_reserved")
        hold.fulfilled += leaving
        self.on_hand[hold.sku, hold.place] -= leaving
        if hold.fulfilled == hold.qty:
            hold.status = "committed"

    def receive(self, sku: str, place: str, qty: Decimal) -> None:
        """Puts units on a shelf."""
        self._check_step(sku, qty)
        self.on_hand[sku, place] += qty

    def adjust(self, sku: str, place: str, delta: Decimal) -> None:
        """Corrects a shelf."""
        if delta < 0 and self.on_hand[sku, place] + delta < self.reserved(sku, place):
            raise Refusal("below_reserved")
        self.on_hand[sku, place] += delta

    def send(self, sku: str, place: str, qty: Decimal) -> None:
        """Takes units away to another place; held ones stay."""
        self._check_step(sku, qty)
        free = self.on_hand[sku, place] - self.reserved(sku, place)
        if free < qty:
            raise Refusal("insufficient_stock", (sku, place, qty, free))
        self.on_hand[sku, place] -= qty

    def arrive(self, transfer: str, qty: Decimal | None) -> None:
        """Puts units of a transfer where they go, all that are under way when no quantity is said."""
        sku, place, left = self.under_way[transfer]
        arriving = left if qty is None else qty
        if arriving > left:
            raise Refusal("exceeds_transfer")
        self.under_way[transfer] = Part(sku, place, left - arriving)
        self.on_hand[sku, place] += arriving

    def age(self, seconds: int) -> None:
        """Lets time pass."""
        for hold in self.holds.values():
            hold.left -= seconds

    def _whole(self, sku: str, qty: Decimal) -> Decimal:
        return qty // self.steps[sku] * self.steps[sku]

    def _check_step(self, sku: str, qty: Decimal) -> None:
        if self._whole(sku, qty) != qty:
            raise Refusal("off_step")
