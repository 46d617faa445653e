"""Mappings, by kind and key."""

from comanda.erp.v1 import mappings_pb2 as pb
from erp_bridge import messages
from kit import pages
from kit.db import Tx
from kit.filters import matching


async def mappings(tx: Tx, request: pb.ListMappingsRequest) -> pb.ListMappingsResponse:
    """Returns a page; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("kind = any(?::text[])", list(request.kind)),
        ("key = any(?::text[])", list(request.key)),
    )
    n = len(values)
    page = (
        f"select kind, key, value, updated_at from erp_mappings {where} and (kind, key) > (${n + 1}, ${n + 2})"
        f" order by kind, key limit ${n + 3}"
    )
    arguments = (*values, *pages.key(request.page_token, "", ""))
    rows, token = await pages.page(tx, request, page, arguments, lambda row: (row["kind"], row["key"]))
    return pb.ListMappingsResponse(items=[messages.mapping(*row) for row in rows], next_page_token=token)
