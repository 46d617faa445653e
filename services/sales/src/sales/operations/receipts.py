"""Receipts are handed out: the first one is the original, and the audit log tells of each."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from kit.db import Tx
from kit.errors import Refused
from sales.domain.sale import COMPLETED, PARTIAL, REFUNDED, Sale
from sales.operations.sales import about
from sales.store import audit
from sales.store import receipts as store
from sales.store import sales as sales_store
from sales.store.receipts import Header

PRINTABLE = (COMPLETED, PARTIAL, REFUNDED)


class Issued(NamedTuple):
    """All that a receipt says."""

    sale: Sale
    header: Header
    payments: Sequence[Mapping[str, Any]]
    copy: int
    """How often it was handed out, this time included."""


async def issue(tx: Tx, sale_id: UUID) -> Issued:
    """Returns a sale's receipt and counts it; raises NotFound or Refused(`no_receipt`) (spec 1C.3)."""
    sale = await sales_store.sale(tx, sale_id)
    if sale.status not in PRINTABLE:
        raise Refused("no_receipt", status=sale.status)
    copy = await store.count_print(tx, sale_id)
    said = "printed" if copy == 1 else "reprinted"
    audit.record(
        tx, "sale.updated", f"Receipt {sale.receipt_number} {said}", after={"receipt": said, "copy": copy}, **about(sale)
    )  # fmt: skip
    paid = await sales_store.payments(tx, [sale_id])
    return Issued(sale, await store.header(tx, sale_id), paid.get(sale_id, ()), copy)
