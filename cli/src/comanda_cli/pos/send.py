"""One receipt on its way: the sale, its completion, and what was brought back of it.

Everything can be done again: the sale has the receipt's number as its external ref, and each refund a reason of its own, so that
what a former run has done is found and not repeated, however long ago it was.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from comanda_cli.api import JSON, Api, Refusal
from comanda_cli.pos.file import Receipt, Return
from comanda_cli.pos.record import Line

SALES, REFUNDS = "/api/v1/sales", "/api/v1/refunds"
DRAFT, PENDING, APPROVED, REJECTED = "draft", "pending", "approved", "rejected"
BATCH = 50
ATTEMPTS = 10
SHORT = "insufficient_stock"


async def find(api: Api, storefront: str, numbers: Sequence[str]) -> dict[str, JSON]:
    """Returns those of the receipts' sales that Comanda has, by receipt; raises Refusal or Unreachable."""
    found: dict[str, JSON] = {}
    for start in range(0, len(numbers), BATCH):
        refs = [("external_ref", each) for each in numbers[start : start + BATCH]]
        found |= {sale["external_ref"]: sale for sale in await api.pages(SALES, [("storefront", storefront), *refs])}
    return found


async def sell(api: Api, storefront: str, receipt: Receipt, known: JSON | None) -> JSON:
    """Returns the completed sale of a receipt; one that a former run left as a draft is made anew.

    Raises Refusal or Unreachable.
    """
    if known and known["status"] != DRAFT:
        return known
    draft = known or await _open(api, storefront, receipt)
    for item in draft["items"]:
        await api.delete(f"{SALES}/{draft['id']}/items/{item['id']}", _key())
    for line in receipt.lines:
        await _add(api, storefront, draft["id"], line)
    due_q = (await api.get(f"{SALES}/{draft['id']}"))["total_q"]
    payments = [{"method": "cash", "amount_q": due_q}] if due_q else []
    body = {"payment_type": "cash", "payments": payments}
    return await api.post(f"{SALES}/{draft['id']}/complete", body, _key())


async def _open(api: Api, storefront: str, receipt: Receipt) -> JSON:
    body = {
        "storefront": storefront,
        "external_ref": receipt.number,
        "sold_at": receipt.sold_at.isoformat(),
        "notes": f"POS receipt {receipt.number}",
    }
    return await api.post(SALES, body, _key())


async def _add(api: Api, storefront: str, sale_id: str, line: Line) -> None:
    """Adds an item; what the shelf lacks, and must have had when it was sold, is received first.

    Another receipt may be faster to what was received, so that more is.
    """
    body: Mapping[str, Any] = {
        "sku": line.sku,
        "quantity": str(line.quantity),
        "unit_price_q": line.unit_price_q,
        "discount_q": line.discount_q,
    }
    path = f"{SALES}/{sale_id}/items"
    for _ in range(ATTEMPTS):
        try:
            await api.post(path, body, _key())
            return
        except Refusal as refusal:
            if refusal.code != SHORT:
                raise
            short = refusal
        stock = {"location": storefront, "lines": [{"sku": line.sku, "qty": str(line.quantity)}]}
        await api.post("/api/v1/stock/receive", {**stock, "reference": f"POS {line.receipt}"}, _key())
    raise short


async def take_back(api: Api, sale: JSON, receipt: Receipt) -> tuple[int, int]:
    """Refunds what was brought back of a receipt; returns how many refunds are new, and how many were there.

    Raises Refusal or Unreachable.
    """
    if not receipt.returns:
        return 0, 0
    there = {
        each["reason"]: each
        for each in await api.pages(REFUNDS, [("sale_id", sale["id"])])
        if each["status"] != REJECTED
    }
    # Items come in the order in which they were added, which is that of the lines.
    items = {line.number: item["id"] for line, item in zip(receipt.lines, sale["items"], strict=True)}
    added = 0
    for each in receipt.returns:
        refund = there.get(each.name)
        added += refund is None
        await _pay_back(api, refund or await _request(api, sale, items[each.sold.number], each))
    return added, len(receipt.returns) - added


def agrees(sale: JSON, receipt: Receipt) -> bool:
    """Tells whether a sale is what the receipt says, line by line."""
    sold = [(line.sku, f"{line.quantity:.3f}", line.amount_q) for line in receipt.lines]
    return sold == [(item["sku"], item["quantity"], item["total_q"]) for item in sale["items"]]


async def _request(api: Api, sale: JSON, item_id: str, wanted: Return) -> JSON:
    items = [{"item_id": item_id, "quantity": str(-wanted.line.quantity)}]
    body = {"type": "partial", "items": items, "reason": wanted.name}
    return await api.post(f"{SALES}/{sale['id']}/refunds", body, _key())


async def _pay_back(api: Api, refund: JSON) -> None:
    path = f"{REFUNDS}/{refund['id']}"
    if refund["status"] == PENDING:
        await api.post(f"{path}/approve", {}, _key())
    if refund["status"] in (PENDING, APPROVED):
        await api.post(f"{path}/process", {}, _key())


def _key() -> str:
    """Returns a key that makes one call safe to repeat; what a former run did is found by its names, not by keys."""
    return uuid4().hex
