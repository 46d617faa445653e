"""The refs of a session or an order."""

from uuid import UUID

from comanda.orders.v1 import refs_pb2
from kit import pages
from kit.db import Tx
from orders.messages import refs as messages
from orders.operations import refs
from orders.store import refs as store

FIRST = str(UUID(int=0))


async def list_refs(tx: Tx, asked: refs_pb2.ListRefsRequest) -> refs_pb2.ListRefsResponse:
    """Lists every ref of a session or an order, active or not, oldest first; raises NotFound for the target."""
    place = await refs.existing(tx, messages.place(asked))
    after = pages.uuid(pages.key(asked.page_token, FIRST)[0])
    statement = store.REFS_OF_SESSION if place.session_key else store.REFS_OF_ORDER
    where = (tx.business, *store.key_of(place), after)
    rows, token = await pages.page(tx, asked, statement, where, pages.by_id)
    return refs_pb2.ListRefsResponse(items=[messages.ref(store.ref_of(row)) for row in rows], next_page_token=token)
