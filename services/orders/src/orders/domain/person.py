"""What says who a customer is in the data of a session or an order, which are free (docs/decisions/erasure.md)."""

from collections.abc import Mapping
from typing import Any

KEPT: Mapping[str, frozenset[str]] = {
    "customer": frozenset({"id"}),
    "delivery": frozenset(
        {"date", "time_slot", "estimated_date", "method", "mode", "type", "fee_q", "freight_q"}
    ),
}  # fmt: skip
"""What stays of the parts that are about a person: all else in them may name him, or say where he lives."""
ADDRESSES = ("delivery_address", "shipping_address", "billing_address")


def patch(data: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the merge patch that takes the person out of the data; an empty one where nobody is in them."""
    parts = {name: _part(data[name], kept) for name, kept in KEPT.items() if data.get(name) is not None}
    gone = {name: None for name in ADDRESSES if name in data}
    return {name: part for name, part in parts.items() if part != {}} | gone


def _part(part: Any, kept: frozenset[str]) -> dict[str, None] | None:
    return {name: None for name in part if name not in kept} if isinstance(part, Mapping) else None
