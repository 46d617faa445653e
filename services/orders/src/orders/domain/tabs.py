"""Tabs are joined and divided: what guests do when they change tables or share a bill."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from kit.errors import Invalid
from orders.domain import ops
from orders.domain.session import Charges, Line, Session

Trace = Mapping[str, Any]


def merged(into: Session, taken: Session, new_line_id: Callable[[], str]) -> Session:
    """Returns the first session with the lines and charges of both; where both have data, its own counts.

    Raises Invalid(`amount_too_large`, `currency_mismatch`).
    """
    if into.currency != taken.currency:
        raise Invalid("currency_mismatch", currency=into.currency, other=taken.currency)
    used = {line.line_id for line in into.lines}
    names = {line.line_id: new_line_id() if line.line_id in used else line.line_id for line in taken.lines}
    lines = [replace(line, line_id=names[line.line_id]) for line in taken.lines]
    joined = replace(
        into,
        lines=(*into.lines, *lines),
        charges=_sum(into.charges, taken.charges),
        data={**taken.data, **into.data},
        pricing_trace=(*into.pricing_trace, *_renamed(taken.pricing_trace, names)),
    )
    _ = joined.total_q  # raises when 64 bits cannot hold it
    return joined


def split(session: Session, parts: Sequence[tuple[str, Decimal | None]], new: Session) -> tuple[Session, Session]:
    """Returns the session without the parts, and the new one with them; a part is a line, or a quantity of it.

    Charges and data stay with the first. Raises Invalid (`unknown_line_id`, `duplicate_line_id`, `part_too_large`).
    """
    if not parts:
        raise Invalid("no_ops")
    wanted = dict(parts)
    if len(wanted) < len(parts):
        raise Invalid("duplicate_line_id", line_id=Counter(name for name, _ in parts).most_common(1)[0][0])
    known = {line.line_id: line for line in session.lines}
    gone = {name: _part(known, name, qty) for name, qty in wanted.items()}
    left = (_less(line, gone[line.line_id]) if line.line_id in gone else line for line in session.lines)
    trace = [each for each in session.pricing_trace if each["line_id"] in gone]
    rest = ops.traced(replace(session, lines=tuple(line for line in left if line)))
    return rest, replace(new, lines=tuple(gone.values()), pricing_trace=tuple(trace))


def _part(known: Mapping[str, Line], name: str, qty: Decimal | None) -> Line:
    if name not in known:
        raise Invalid("unknown_line_id", line_id=name)
    line = known[name]
    if qty is not None and qty > line.qty:
        raise Invalid("part_too_large", line_id=name, qty=str(qty), available=str(line.qty))
    return line if qty is None else replace(line, qty=qty)


def _less(line: Line, gone: Line) -> Line | None:
    return replace(line, qty=line.qty - gone.qty) if gone.qty < line.qty else None


def _sum(one: Charges, other: Charges) -> Charges:
    names = Charges.__dataclass_fields__
    return Charges(**{name: getattr(one, name) + getattr(other, name) for name in names})


def _renamed(traces: Sequence[Trace], names: Mapping[str, str]) -> list[Trace]:
    return [{**trace, "line_id": names[trace["line_id"]]} for trace in traces]
