"""The audit log: the events that it knows, and the chain of hashes that shows whether anything was changed."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

EVENTS = frozenset(
    {
        "sale.created", "sale.updated", "sale.completed", "sale.cancelled",
        "sale_item.added", "sale_item.updated", "sale_item.removed",
        "payment.created", "payment.updated",
        "refund.requested", "refund.approved", "refund.rejected", "refund.processed",
        "stock.reserved", "stock.committed", "stock.released",
        "customer.created", "customer.updated", "credit.adjusted",
    }
)  # fmt: skip
"""All nineteen of source 003; what else happens is told by one of them (decision 47)."""
FIRST = "0" * 64
"""What stands for the hash before the first entry."""


def content(entry: Mapping[str, Any], seq: int, previous_hash: str) -> str:
    """Returns exactly what is hashed of an entry at its place in the chain: JSON, sorted and compact."""
    said = {**entry, "seq": seq, "previous_hash": previous_hash}
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """Returns the hash of a content, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
