"""What was decided where several locations could serve."""

from typing import Any

from comanda.inventory.v1 import reservations_pb2
from inventory.domain.quantity import printed
from inventory.messages.reservations import owner_type
from inventory.messages.values import enum, instant
from kit import pages
from kit.db import Tx
from kit.filters import matching

ALLOCATIONS = """
    select id, owner_type, owner_ref, owner_scope, sku, qty, rule, reason, locations, free, taken, decided_at
    from allocations
"""


async def allocations(
    tx: Tx, request: reservations_pb2.ListAllocationsRequest
) -> reservations_pb2.ListAllocationsResponse:
    """Returns a page of decisions, newest first; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("owner_type = ?", owner_type(request.owner_type)),
        ("owner_ref = ?", request.owner_ref),
        ("sku = any(?::text[])", list(request.sku)),
    )
    rows, token = await pages.newest(tx, request, ALLOCATIONS, where, values)
    return reservations_pb2.ListAllocationsResponse(items=map(_allocation, rows), next_page_token=token)


def _allocation(row: Any) -> reservations_pb2.Allocation:
    candidates = zip(row["locations"], row["free"], row["taken"], strict=True)
    return reservations_pb2.Allocation(
        id=str(row["id"]),
        owner_type=enum(reservations_pb2.OwnerType, row["owner_type"]),
        owner_ref=row["owner_ref"],
        owner_scope=row["owner_scope"],
        sku=row["sku"],
        qty=printed(row["qty"]),
        rule=row["rule"],
        reason=row["reason"],
        candidates=[
            reservations_pb2.AllocationCandidate(location=location, free=printed(free), taken=printed(taken))
            for location, free, taken in candidates
        ],
        decided_at=instant(row["decided_at"]),
    )
