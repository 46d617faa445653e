"""What the bridge knows, as messages."""

from datetime import datetime
from typing import Any

from comanda.erp.v1 import status_pb2
from erp_bridge.domain import limits
from erp_bridge.domain.limits import Standing


def method_status(row: Any) -> status_pb2.MethodStatus:
    """Returns how a method stands."""
    now: datetime = row["now"]
    standing = Standing(row["next_at"], row["errors"], row["blocked_until"], row["in_flight"])
    until = limits.open_until(standing, now)
    message = status_pb2.MethodStatus(
        method=row["method"],
        calls=row["calls"],
        refusals=row["refusals"],
        recent_errors=len(limits.still_counting(row["errors"], now)),
        in_flight=row["in_flight"],
        breaker="open" if until else "closed",
        last_refusal=row["last_refusal"],
    )
    if until:
        message.block_seconds_left = int((until - now).total_seconds())
        message.open_until.FromDatetime(until)
    return message
