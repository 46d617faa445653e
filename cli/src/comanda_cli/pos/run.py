"""The import as a whole: storefront and products first, then the receipts, and at the end what Comanda has of them."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from comanda_cli.api import JSON, Api, Refusal, key_for, together
from comanda_cli.pos import send
from comanda_cli.pos.file import Contents, Receipt

BATCH = 50
STOREFRONTS, PRODUCTS = "/api/v1/storefronts", "/api/v1/products"

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


@dataclass(slots=True)
class Tally:
    """Counts; amounts are minor units."""

    added: int = 0
    already_there: int = 0
    refunds_added: int = 0
    refunds_already_there: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    problems: list[JSON] = field(default_factory=list)
    sales_q: int = 0
    refunds_q: int = 0
    recount_sales_q: int = 0
    recount_refunds_q: int = 0

    @property
    def matches(self) -> bool:
        """Whether what Comanda has comes to what the file says of the receipts that were accepted."""
        return (self.sales_q, self.refunds_q) == (self.recount_sales_q, self.recount_refunds_q)

    def as_json(self) -> JSON:
        """Returns the summary in plain JSON."""
        names = ("added", "already_there", "refunds_added", "refunds_already_there", "sales_q", "refunds_q")
        return {
            **{name: getattr(self, name) for name in names},
            "net_q": self.sales_q - self.refunds_q,
            "refused": dict(sorted(self.refused.items())),
            "recount": {
                "sales_q": self.recount_sales_q,
                "refunds_q": self.recount_refunds_q,
                "net_q": self.recount_sales_q - self.recount_refunds_q,
            },
            "matches": self.matches,
        }


async def open_storefront(api: Api, code: str) -> str:
    """Makes the storefront where it is missing; returns its zone. Raises Refusal or Unreachable."""
    try:
        found = await api.get(f"{STOREFRONTS}/{code}")
    except Refusal as refusal:
        if refusal.status != 404:
            raise
        body = {"code": code, "name": code}
        found = await api.post(STOREFRONTS, body, key_for(STOREFRONTS, body))
    return str(found["timezone"])


class Import:
    """One run over one file, into one storefront."""

    def __init__(self, api: Api, storefront: str, contents: Contents, progress: Progress) -> None:
        self.tally = Tally()
        self._api = api
        self._storefront = storefront
        self._receipts = contents.receipts
        self._progress = progress
        self._known: dict[str, JSON] = {}
        self._accepted: list[str] = []

    async def run(self, concurrency: int) -> None:
        """Brings everything in; raises Refusal when not even products can be made, or Unreachable."""
        await self._make_products()
        self._known = await send.find(self._api, self._storefront, list(self._receipts))
        waiting = iter(self._receipts.values())
        await together(self._work(waiting) for _ in range(concurrency))
        await self._recount()

    async def _make_products(self) -> None:
        names = {line.sku: line.name for receipt in self._receipts.values() for line in receipt.lines}
        skus = sorted(names)
        for start in range(0, len(skus), BATCH):
            batch = skus[start : start + BATCH]
            known = {each["sku"] for each in await self._api.pages(PRODUCTS, [("sku", sku) for sku in batch])}
            for sku in (each for each in batch if each not in known):
                body: dict[str, Any] = {"sku": sku, "name": names[sku], "step": "0.001"}
                await self._api.post(PRODUCTS, body, key_for(PRODUCTS, body))
            self._progress("Products", start + len(batch), len(skus))

    async def _work(self, waiting: Iterator[Receipt]) -> None:
        for receipt in waiting:
            try:
                await self._one(receipt)
            except Refusal as refusal:
                self._refuse(receipt, refusal.code, refusal.message)
            self._progress("Receipts", len(self._accepted) + self.tally.refused.total(), len(self._receipts))

    async def _one(self, receipt: Receipt) -> None:
        known = self._known.get(receipt.number)
        sale = await send.sell(self._api, self._storefront, receipt, known)
        if not send.agrees(sale, receipt):
            self._refuse(receipt, "differs", "Comanda has a sale of this number with other lines.")
            return
        there = known is not None and known["status"] != send.DRAFT
        self.tally.already_there += there
        self.tally.added += not there
        self._accepted.append(receipt.number)
        self.tally.recount_sales_q += receipt.total_q
        self.tally.recount_refunds_q += receipt.returned_q
        added, known_refunds = await send.take_back(self._api, sale, receipt)
        self.tally.refunds_added += added
        self.tally.refunds_already_there += known_refunds

    def _refuse(self, receipt: Receipt, code: str, message: str) -> None:
        self.tally.refused[code] += 1
        line = receipt.lines[0].number
        self.tally.problems.append({"line": line, "receipt": receipt.number, "code": code, "message": message})

    async def _recount(self) -> None:
        """Asks Comanda anew what it has of the receipts, instead of adding up its answers."""
        for sale in (await send.find(self._api, self._storefront, self._accepted)).values():
            self.tally.sales_q += sale["total_q"]
            self.tally.refunds_q += sale["amount_refunded_q"]
