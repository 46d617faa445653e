"""What an import has done so far, and the file in which it lists everything that was not accepted."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from comanda_cli.api import Refusal
from comanda_cli.olist.file import BadLine
from comanda_cli.olist.record import Order
from comanda_cli.olist.send import Known

CURRENCY = "BRL"


@dataclass(slots=True)
class Tally:
    """Counts; amounts are minor units."""

    added: int = 0
    already_there: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    revenue_q: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    not_moved: Counter[str] = field(default_factory=Counter)
    bad_lines: int = 0
    products_added: int = 0
    units_received: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    failure: str = ""

    @property
    def accepted(self) -> int:
        """How many orders of the file Comanda has."""
        return self.added + self.already_there

    @property
    def handled(self) -> int:
        """How many lines of the file have been dealt with."""
        return self.accepted + self.refused.total() + self.bad_lines

    def accept(self, known: Known, status: str) -> None:
        """Counts an order that Comanda has, in the status that it has now."""
        self.added += known.added
        self.already_there += not known.added
        self.by_status[status] += 1
        self.revenue_q += known.total_q

    def as_json(self, report: Path) -> dict[str, Any]:
        """Returns the summary in plain JSON; refused and not_moved count by code."""
        rate = self.handled / self.seconds if self.seconds else 0.0
        return {
            "added": self.added,
            "already_there": self.already_there,
            "accepted": self.accepted,
            "by_status": dict(sorted(self.by_status.items())),
            "revenue_q": self.revenue_q,
            "currency": CURRENCY,
            "refused": dict(sorted(self.refused.items())),
            "not_moved": dict(sorted(self.not_moved.items())),
            "bad_lines": self.bad_lines,
            "products_added": self.products_added,
            "units_received": self.units_received,
            "seconds": round(self.seconds, 3),
            "orders_per_second": round(rate, 1),
            "interrupted": self.interrupted,
            "failure": self.failure,
            "report": str(report),
        }


def words(tally: Tally, report: Path) -> list[str]:
    """Returns the summary in words, a line each."""
    lines = [
        f"{tally.added} orders added, {tally.already_there} were there already.",
        f"Revenue {tally.revenue_q // 100:,}.{tally.revenue_q % 100:02} {CURRENCY} over {tally.accepted} orders.",
        *(f"  {status:<12}{count:>8}" for status, count in sorted(tally.by_status.items())),
    ]
    if tally.units_received:
        lines.append(f"Received {tally.units_received} units; {tally.products_added} products are new.")
    for what, counts in (("refused", tally.refused), ("not moved to their status", tally.not_moved)):
        lines += [f"{count} orders {what}: {code}" for code, count in sorted(counts.items())]
    if tally.bad_lines:
        lines.append(f"{tally.bad_lines} bad lines.")
    if tally.refused or tally.bad_lines or tally.not_moved:
        lines.append(f"Each of them, with its reason, is in {report}.")
    if tally.seconds:
        lines.append(f"{tally.handled / tally.seconds:.1f} orders per second ({tally.seconds:.1f} s).")
    if tally.failure:
        lines.append(f"It failed: {tally.failure}.")
    if tally.interrupted:
        lines.append("It is not finished: run the same command again to go on: nothing is added twice.")
    return lines


class Report:
    """JSON lines, one for everything that was not accepted: `{line, order_id, code, message}`. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def bad_line(self, bad: BadLine) -> None:
        """Adds a line of the file that could not be sent."""
        self._write(bad.number, "", "bad_line", bad.reason)

    def refused(self, order: Order, refusal: Refusal) -> None:
        """Adds an order that Comanda refused, or would not move."""
        self._write(order.number, order.order_id, refusal.code, refusal.message)

    def refused_product(self, sku: str, refusal: Refusal) -> None:
        """Adds a product that Comanda refused; the orders that want it will be refused in their turn."""
        self._write(None, "", refusal.code, f"product {sku}: {refusal.message}")

    def _write(self, number: int | None, order_id: str, code: str, message: str) -> None:
        entry = {"line": number, "order_id": order_id, "code": code, "message": message}
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self._file.flush()
