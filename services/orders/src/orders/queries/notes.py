"""Lists of notes."""

from comanda.orders.v1 import notes_pb2 as pb
from kit import pages
from kit.db import Tx
from kit.errors import NotFound
from orders.domain.note import Note
from orders.messages import notes as messages
from orders.queries.orders import customer, visible
from orders.store import notes, orders

WHERE = "business_id = $1 and order_ref = $2 and ($3::boolean is null or is_internal = $3)"
NOTES = f"select {notes.COLUMNS} from order_notes where {WHERE} and id < $4 order by id desc limit $5"
TOTAL = f"select count(*) from order_notes where {WHERE}"


async def list_notes(tx: Tx, asked: pb.ListOrderNotesRequest) -> pb.ListOrderNotesResponse:
    """Lists an order's notes, newest first; a customer sees what is meant for him. Raises NotFound."""
    found = await orders.order(tx, asked.ref)
    if found is None or not visible(tx, found.order):
        raise NotFound("not_found", ref=asked.ref)
    where = (tx.business, asked.ref, _internal(tx, asked))
    rows, token = await pages.page(tx, asked, NOTES, (*where, pages.before(asked.page_token)), pages.by_id)
    total = await pages.total(tx, asked, TOTAL, where)
    items = [messages.note(Note(**row)) for row in rows]
    return pb.ListOrderNotesResponse(items=items, next_page_token=token, total=total)


def _internal(tx: Tx, asked: pb.ListOrderNotesRequest) -> bool | None:
    """Returns whether notes are to be internal, or not; None for either kind."""
    if customer(tx) or (asked.HasField("include_internal") and not asked.include_internal):
        return False
    return asked.is_internal if asked.HasField("is_internal") else None
