"""Lots, and among them those that have expired or soon will."""

from comanda.inventory.v1 import stock_pb2
from inventory.messages import lots as messages
from inventory.store.businesses import today
from inventory.store.lots import LOT
from kit import pages
from kit.db import Tx
from kit.filters import matching

EXPIRY = "coalesce(l.expiry_date::text, '9999-12-31')"
EXPIRED = f"coalesce(l.expiry_date < {today('$1')}, false)"


async def lots(tx: Tx, request: stock_pb2.ListLotsRequest) -> stock_pb2.ListLotsResponse:
    """Returns a page of lots by date of expiry, those without one last; raises Invalid for a bad token or date."""
    where, values = matching(
        ("l.business_id = ?", tx.business),
        ("l.sku = any(?::text[])", list(request.sku)),
        ("l.location = any(?::text[])", list(request.location)),
        ("l.lot = ?", request.lot),
        ("(l.qty_left > 0) = ?", None if request.include_empty else True),
        (f"{EXPIRED} = ?", request.expired if request.HasField("expired") else None),
        ("l.expiry_date < ?", messages.date_of(request.expires_before)),
    )
    after, n = pages.key(request.page_token, "", ""), len(values)
    page = f"""
        select {LOT}, {EXPIRED} as expired, {EXPIRY} as expiry
        from lots l {where} and ({EXPIRY}, l.id::text) > (${n + 1}, ${n + 2})
        order by {EXPIRY}, l.id::text limit ${n + 3}
    """
    rows, token = await pages.page(tx, request, page, (*values, *after), lambda row: (row["expiry"], str(row["id"])))
    return stock_pb2.ListLotsResponse(items=[messages.lot(row) for row in rows], next_page_token=token)
