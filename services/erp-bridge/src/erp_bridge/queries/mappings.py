"""Mappings, by kind and key."""

from comanda.erp.v1 import mappings_pb2 as pb
from erp_bridge import messages
from erp_bridge.queries.filters import matching
from kit import pages
from kit.db import Tx


async def mappings(tx: Tx, request: pb.ListMappingsRequest) -> pb.ListMappingsResponse:
    """Returns a page; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("kind = any(?::text[])", list(request.kind)),
        ("key = any(?::text[])", list(request.key)),
    )
    size, n = request.page_size or pages.SIZE, len(values)
    page = (
        f"select kind, key, value, updated_at from erp_mappings {where} and (kind, key) > (${n + 1}, ${n + 2})"
        f" order by kind, key limit ${n + 3}"
    )
    rows = await tx.connection.fetch(page, *values, *pages.key(request.page_token, "", ""), size + 1)
    shown, following = pages.cut(rows, size, lambda row: (row["kind"], row["key"]))
    return pb.ListMappingsResponse(items=[messages.mapping(*row) for row in shown], next_page_token=following)
