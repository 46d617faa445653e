"""The operations that change a session (spec 1A.5): each takes a session and returns one, or raises what is wrong."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from kit.errors import Invalid
from orders.domain import preorder
from orders.domain.channel import EXTERNAL
from orders.domain.session import Line, Session

PLACES = Decimal("0.001")
QUANTITY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")
ROOTS = frozenset(
    [
        "customer",
        "delivery",
        "payment",
        "notes",
        "meta",
        "extra",
        "custom",
        "tags",
        "discounts",
        "fees",
        "tip",
        "coupon",
        "source",
        "operator",
        "table",
        "tab",
        "fulfillment_type",
        "delivery_address",
        "delivery_address_structured",
        "delivery_date",
        "delivery_time_slot",
        "order_notes",
        "origin_channel",
    ]
)
"""Names that data may have at its top; the last seven are those that an order is told about its delivery by (spec 1A.7)."""
DEEPEST, LONGEST_PATH = 5, 128
PRODUCT, MANUAL = "product", "manual"
"""Where a price came from, when no price list had it."""


@dataclass(frozen=True, slots=True)
class Op:
    """One operation; which fields count depends on `op`, and None means not given."""

    op: str
    sku: str = ""
    qty: str = ""
    unit_price_q: int | None = None
    name: str | None = None
    meta: Mapping[str, Any] | None = None
    line_id: str = ""
    from_line_id: str = ""
    into_line_id: str = ""
    path: str = ""
    value: Any = None
    discount_q: int | None = None
    shipping_q: int | None = None
    tax_q: int | None = None

    @property
    def sells(self) -> bool:
        """Whether it gives a line a price."""
        return self.op in ("add_line", "replace_sku")

    @property
    def needs_price(self) -> bool:
        """Whether a price has to be looked up for it, where the channel looks prices up."""
        return self.sells and self.unit_price_q is None and bool(self.sku)


@dataclass(frozen=True, slots=True)
class Price:
    """What the catalogue says of a SKU."""

    price_q: int
    name: str
    is_active: bool
    source: str = PRODUCT
    """Code of the price list, or `product`."""


Prices = Mapping[str, Price]


def apply(session: Session, ops: Sequence[Op], prices: Prices) -> Session:
    """Applies operations in order; the first that fails raises, and its place in the list is in the error's context."""
    if not ops:
        raise Invalid("no_ops")
    for index, op in enumerate(ops):
        if op.op not in OPS:
            raise Invalid("unsupported_op", op=op.op, index=index, valid=sorted(OPS))
        try:
            session = OPS[op.op](session, op, prices)
        except Invalid as error:
            error.context["index"] = index
            raise
    _ = session.total_q  # raises when 64 bits cannot hold it
    return traced(session)


def traced(session: Session) -> Session:
    """Returns the session without the traces of lines that it no longer has."""
    there = {line.line_id for line in session.lines}
    return replace(session, pricing_trace=tuple(t for t in session.pricing_trace if t["line_id"] in there))


def _add_line(session: Session, op: Op, prices: Prices) -> Session:
    if any(line.line_id == op.line_id for line in session.lines):
        raise Invalid("duplicate_line_id", line_id=op.line_id)
    price_q, name = _price(session, op, prices)
    line = Line(op.line_id, op.sku, op.name or name, quantity(op.qty), price_q, op.meta or {})
    return _priced(replace(session, lines=(*session.lines, line)), line, prices)


def _remove_line(session: Session, op: Op, _: Prices) -> Session:
    gone = _line(session, op.line_id)
    return replace(session, lines=tuple(line for line in session.lines if line is not gone))


def _set_qty(session: Session, op: Op, _: Prices) -> Session:
    qty, line = quantity(op.qty), _line(session, op.line_id)
    return _with(session, replace(line, qty=qty))


def _replace_sku(session: Session, op: Op, prices: Prices) -> Session:
    price_q, name = _price(session, op, prices)
    line = _line(session, op.line_id)
    meta = line.meta if op.meta is None else op.meta
    line = replace(line, sku=op.sku, name=op.name or name, unit_price_q=price_q, meta=meta)
    return _priced(_with(session, line), line, prices)


def _merge_lines(session: Session, op: Op, _: Prices) -> Session:
    if op.from_line_id == op.into_line_id:
        raise Invalid("invalid_merge", line_id=op.into_line_id)
    gone, stays = _line(session, op.from_line_id), _line(session, op.into_line_id)
    if gone.sku != stays.sku:
        raise Invalid("sku_mismatch", from_sku=gone.sku, into_sku=stays.sku)
    merged = replace(stays, qty=quantity(str(gone.qty + stays.qty)))
    rest = replace(session, lines=tuple(line for line in session.lines if line is not gone))
    return _with(rest, merged)


def _set_data(session: Session, op: Op, _: Prices) -> Session:
    if op.value is None:
        raise Invalid("invalid_value", path=op.path)
    data = _put(session.data, checked_path(op.path), op.value)
    preorder.check(data)
    return replace(session, data=data)


def _set_charges(session: Session, op: Op, _: Prices) -> Session:
    given = {name: getattr(op, name) for name in ("discount_q", "shipping_q", "tax_q")}
    given = {name: amount for name, amount in given.items() if amount is not None}
    for name, amount in given.items():
        if amount < 0:
            raise Invalid("negative_amount", field=name, amount_q=amount)
    return replace(session, charges=replace(session.charges, **given))


OPS: Mapping[str, Callable[[Session, Op, Prices], Session]] = {
    "add_line": _add_line,
    "remove_line": _remove_line,
    "set_qty": _set_qty,
    "replace_sku": _replace_sku,
    "merge_lines": _merge_lines,
    "set_data": _set_data,
    "set_charges": _set_charges,
}


def quantity(text: str) -> Decimal:
    """Reads a quantity: above zero, at most three places and twelve digits; raises Invalid(`invalid_qty`)."""
    if not QUANTITY.fullmatch(text) or not (value := Decimal(text)):
        raise Invalid("invalid_qty", qty=text[:32])
    return value.quantize(PLACES)


def checked_path(path: str) -> list[str]:
    """Returns the names of a data path; raises Invalid(`invalid_path`) unless it is short and begins with an allowed name."""
    names = path.split(".")
    if len(path) > LONGEST_PATH or len(names) > DEEPEST or not all(names) or any(n.startswith("__") for n in names):
        raise Invalid("invalid_path", path=path[:LONGEST_PATH], deepest=DEEPEST)
    if names[0] not in ROOTS:
        raise Invalid("invalid_path", path=path, valid=sorted(ROOTS))
    return names


def check_data(data: Mapping[str, Any]) -> None:
    """Raises Invalid (`invalid_path`, `invalid_date`) unless every name of the data at its top is allowed."""
    for name in data:
        if "." in name:
            raise Invalid("invalid_path", path=name[:LONGEST_PATH], valid=sorted(ROOTS))
        checked_path(name)
    preorder.check(data)


def _price(session: Session, op: Op, prices: Prices) -> tuple[int, str]:
    """Returns price and catalogue name for the op: the price sent, or where the channel looks prices up, the catalogue's."""
    if not op.sku.strip():
        raise Invalid("missing_sku")
    known = prices.get(op.sku)
    name = known.name if known else ""
    if op.unit_price_q is not None:
        if op.unit_price_q < 0:
            raise Invalid("negative_amount", field="unit_price_q", amount_q=op.unit_price_q)
        return op.unit_price_q, name
    if session.pricing_policy == EXTERNAL:
        raise Invalid("missing_unit_price_q", sku=op.sku)
    if known is None or not known.is_active:
        raise Invalid("price_not_found" if known is None else "product_inactive", sku=op.sku)
    return known.price_q, name


def _priced(session: Session, line: Line, prices: Prices) -> Session:
    """Leaves a trace of where the line's price came from, where the channel looks prices up."""
    if session.pricing_policy == EXTERNAL:
        return session
    known = prices.get(line.sku)
    looked_up = known is not None and known.price_q == line.unit_price_q
    trace = {
        "line_id": line.line_id,
        "sku": line.sku,
        "price_q": line.unit_price_q,
        "source": known.source if known and looked_up else MANUAL,
    }
    if not looked_up:
        trace["list_price_q"] = known.price_q if known else None
    others = (each for each in session.pricing_trace if each["line_id"] != line.line_id)
    return replace(session, pricing_trace=(*others, trace))


def overrides(session: Session) -> list[dict[str, Any]]:
    """Returns the lines whose price is not what the catalogue said, with both prices (the latter's null where it said none)."""
    names = {"line_id": "line_id", "sku": "sku", "unit_price_q": "price_q", "list_price_q": "list_price_q"}
    manual = (trace for trace in session.pricing_trace if trace["source"] == MANUAL)
    return [{name: trace[key] for name, key in names.items()} for trace in manual]


def _line(session: Session, line_id: str) -> Line:
    for line in session.lines:
        if line.line_id == line_id:
            return line
    raise Invalid("unknown_line_id", line_id=line_id)


def _with(session: Session, changed: Line) -> Session:
    lines = tuple(changed if line.line_id == changed.line_id else line for line in session.lines)
    return replace(session, lines=lines)


def _put(data: Mapping[str, Any], names: Sequence[str], value: Any) -> dict[str, Any]:
    """Returns data with the value at the path; what stands in the way and is no object gives way to one."""
    first, rest = names[0], names[1:]
    if not rest:
        return {**data, first: value}
    inner = data.get(first)
    return {**data, first: _put(inner if isinstance(inner, dict) else {}, rest, value)}
