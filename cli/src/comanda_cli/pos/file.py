"""A till's file: its lines by receipt, what they bring back of which sale, and what it all comes to."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from comanda_cli.fleet.errors import FleetError
from comanda_cli.pos.record import KNOWN, NEEDED, Line, half_up, parse

SAMPLE = 4096
SHORTAGE = "nothing sold before at this price has so many units of {} left to bring back"


class BadLine(NamedTuple):
    """A line that cannot be sent, and why."""

    number: int
    reason: str


class Return(NamedTuple):
    """A line that brings units back of a line that sold them."""

    line: Line
    sold: Line
    name: str
    """What the refund is found again by."""


@dataclass(slots=True)
class Receipt:
    """What was sold under one number, and what was brought back of it since, whenever and under whatever number."""

    number: str
    lines: list[Line] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)

    @property
    def sold_at(self) -> datetime:
        """When its first line was sold."""
        return min(line.time for line in self.lines)

    @property
    def total_q(self) -> int:
        """What its lines come to, in minor units."""
        return sum(line.amount_q for line in self.lines)

    @property
    def returned_q(self) -> int:
        """What was paid back of it, in minor units."""
        return sum(each.line.amount_q for each in self.returns)


@dataclass(slots=True)
class Contents:
    """Receipts by number, and the lines that are bad."""

    receipts: dict[str, Receipt]
    bad: list[BadLine]


def read(path: Path, zone: str) -> Contents:
    """Reads the file; a time without an offset is in the zone. Raises FleetError when it is no such file at all."""
    entries = list(_entries(path, ZoneInfo(zone)))
    lines = [entry for entry in entries if isinstance(entry, Line)]
    bad = [entry for entry in entries if isinstance(entry, BadLine)]
    receipts: dict[str, Receipt] = {}
    for line in lines:
        if line.quantity > 0:
            receipts.setdefault(line.receipt, Receipt(line.receipt)).lines.append(line)
    bad += _returned(receipts, [line for line in lines if line.quantity < 0])
    return Contents(receipts, sorted(bad))


def _entries(path: Path, zone: ZoneInfo) -> Iterator[Line | BadLine]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            sample = file.read(SAMPLE)
            file.seek(0)
            reader = csv.reader(file, delimiter=";" if sample.count(";") > sample.count(",") else ",", strict=True)
            names = [name.strip().lower() for name in next(reader, [])]
            if missing := [name for name in NEEDED if name not in names]:
                raise FleetError(f"{path} has no column {missing[0]}; there must be {', '.join(NEEDED)}")
            for row in reader:
                if any(row):
                    yield _entry(reader.line_num, names, row, zone)
    except (UnicodeDecodeError, csv.Error) as error:
        raise FleetError(f"{path} is no CSV in UTF-8: {error}") from error


def _entry(number: int, names: Sequence[str], row: Sequence[str], zone: ZoneInfo) -> Line | BadLine:
    if len(row) != len(names):
        return BadLine(number, f"it has {len(row)} fields, and the header {len(names)}")
    known = {name: text.strip() for name, text in zip(names, row, strict=True) if name in KNOWN}
    try:
        line = parse(number, known)
    except ValueError as error:
        return BadLine(number, str(error))
    return line if line.time.tzinfo else line._replace(time=line.time.replace(tzinfo=zone))


def _returned(receipts: dict[str, Receipt], lines: Sequence[Line]) -> list[BadLine]:
    """Gives each line that brings units back to the receipt that sold them; returns those that find none."""
    sold: defaultdict[str, list[Line]] = defaultdict(list)
    left: dict[int, Decimal] = {}
    for receipt in receipts.values():
        for line in receipt.lines:
            sold[line.sku].append(line)
            left[line.number] = line.quantity
    bad, counts = [], defaultdict[tuple[str, str], int](int)
    for line in sorted(lines, key=lambda each: (each.time, each.number)):
        source = next((each for each in _candidates(line, sold[line.sku]) if _fits(line, each, left)), None)
        if source is None:
            bad.append(BadLine(line.number, SHORTAGE.format(line.sku)))
            continue
        left[source.number] += line.quantity
        counts[line.receipt, line.sku] += 1
        name = f"POS return {line.receipt}, {line.sku}, {counts[line.receipt, line.sku]}"
        receipts[source.receipt].returns.append(Return(line, source, name))
    return bad


def _candidates(line: Line, sold: Sequence[Line]) -> list[Line]:
    """Returns what may have sold the units: lines of the named receipt; else of the same one, and then the latest before."""
    if line.refund_of:
        return [each for each in sold if each.receipt == line.refund_of]
    before = [each for each in sold if each.receipt == line.receipt or each.time <= line.time]
    return sorted(before, key=lambda each: (each.receipt == line.receipt, each.time, each.number), reverse=True)


def _fits(line: Line, sold: Line, left: dict[int, Decimal]) -> bool:
    """Tells whether there are so many units left, and they cost then what is paid back now."""
    units = -line.quantity
    so_far = sold.quantity - left[sold.number]
    paid_q = half_up(sold.amount_q * (so_far + units) / sold.quantity) - half_up(sold.amount_q * so_far / sold.quantity)
    return units <= left[sold.number] and paid_q == line.amount_q
