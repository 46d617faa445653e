"""Entries of the audit log."""

from typing import Any

from comanda.sales.v1 import audit_pb2 as pb
from sales.messages.values import struct, time

SAME = (
    "event_type", "sale_id", "sale_item_id", "customer_id", "payment_id", "refund_id", "role", "ip_address", "user_agent",
    "request_id", "description",
)  # fmt: skip


def entry(row: Any) -> pb.AuditEntry:
    """Returns the entry in a row that has its columns and those of its link."""
    return pb.AuditEntry(
        id=str(row["id"]),
        **{name: row[name] for name in SAME},
        user=row["actor"],
        before=struct(row["before"]),
        after=struct(row["after"]),
        timestamp=time(row["created_at"]),
        seq=row["seq"] or 0,
        hash=row["hash"].hex() if row["hash"] else "",
    )
