"""The audit log and its chain."""

import asyncpg

from comanda.sales.v1 import audit_pb2 as pb
from kit import pages
from kit.db import Tx
from kit.errors import Invalid
from kit.filters import matching
from sales.domain import audit as domain
from sales.domain import days, place
from sales.messages import audit as messages
from sales.store import audit as store
from sales.store import businesses

LINKS_PAGE = 100
ENTRIES = f"""
    select {store.COLUMNS}, c.seq, c.hash from audit_log left join audit_chain c using (business_id, id)
"""
LINKS = f"""
    select c.seq, c.hash, business_id, {store.COLUMNS},
        (select p.hash from audit_chain p where p.business_id = c.business_id and p.seq = c.seq - 1) as previous
    from audit_chain c join audit_log using (business_id, id)
    where c.business_id = $1 and c.seq > $2
    order by c.seq limit $3
"""


async def list_entries(tx: Tx, request: pb.ListAuditLogRequest) -> pb.ListAuditLogResponse:
    """Returns a page of the business's entries, newest first; raises Invalid for a bad token or an event that there is not."""
    if strange := sorted({*request.event_type} - domain.EVENTS):
        raise Invalid("unknown_event_type", event_type=strange[0], known=sorted(domain.EVENTS))
    zone = await businesses.zone(tx) or place.TIMEZONE
    begin, end = days.moments(getattr(request, "from"), request.to, zone)
    where, values = matching(
        ("audit_log.business_id = ?", tx.business),
        ("event_type = any(?::text[])", list(request.event_type)),
        ("sale_id = ? and sale_id <> ''", request.sale_id),
        ("customer_id = ? and customer_id <> ''", request.customer_id),
        ("actor = ?", request.user),
        ("created_at >= ?", begin),
        ("created_at < ?", end),
    )
    rows, token = await pages.newest(tx, request, ENTRIES, where, values)
    return pb.ListAuditLogResponse(items=map(messages.entry, rows), next_page_token=token)


async def list_links(tx: Tx, request: pb.ListAuditChainRequest) -> pb.ListAuditChainResponse:
    """Returns a page of the chain in its order, each content made anew from the entry as it is now."""
    size = request.page_size or LINKS_PAGE
    [after] = pages.key(request.page_token, 0)
    found = await tx.connection.fetch(LINKS, tx.business, after, size + 1)
    rows, token = pages.cut(found, size, lambda row: (row["seq"],))
    return pb.ListAuditChainResponse(items=map(_link, rows), next_page_token=token)


def _link(row: "asyncpg.Record") -> pb.AuditLink:
    previous = row["previous"].hex() if row["previous"] else domain.FIRST
    entry = {name: value for name, value in store.hashed(row).items() if name not in ("seq", "hash", "previous")}
    return pb.AuditLink(seq=row["seq"], content=domain.content(entry, row["seq"], previous), hash=row["hash"].hex())
