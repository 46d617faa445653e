"""The words of a receipt, and its amounts, quantities, and times as a reader is used to them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel import dates, numbers

from comanda.sales.v1 import receipts_pb2 as pb
from comanda.sales.v1.sales_pb2 import PaymentMethod
from sales.messages.values import short

LOCALES = {"en": "en_US", "pt": "pt_BR"}
WORDS = {
    "en": {
        "reprint": "REPRINT", "customer": "Customer", "user": "Served by", "discount": "Discount", "subtotal": "Subtotal",
        "tax": "Tax", "total": "TOTAL", "taxes": "Taxes included", "due": "Still due", "refunded": "Refunded",
        "cash": "Cash", "card": "Card", "mobile": "Mobile", "pix": "Pix", "bank_transfer": "Bank transfer",
    },
    "pt": {
        "reprint": "2ª VIA", "customer": "Cliente", "user": "Atendido por", "discount": "Desconto", "subtotal": "Subtotal",
        "tax": "Impostos", "total": "TOTAL", "taxes": "Impostos incluídos", "due": "Falta pagar",
        "refunded": "Devolvido", "cash": "Dinheiro", "card": "Cartão", "mobile": "Celular", "pix": "Pix",
        "bank_transfer": "Transferência",
    },
}  # fmt: skip


class Line(NamedTuple):
    """One line: something at the left, and perhaps at the right."""

    left: str
    right: str = ""
    strong: bool = False


class Words:
    """What one receipt says, in a language (`en` or `pt`)."""

    def __init__(self, receipt: pb.Receipt, language: str) -> None:
        self.receipt = receipt
        self.language = language
        self.locale = LOCALES[language]
        self.words = WORDS[language]

    def amount(self, amount_q: int) -> str:
        """Returns an amount with its currency, such as `R$ 1.234,50`."""
        currency = self.receipt.currency
        value = Decimal(amount_q).scaleb(-numbers.get_currency_precision(currency))
        return numbers.format_currency(value, currency, locale=self.locale).replace("\xa0", " ")

    def moment(self) -> str:
        """Returns when the sale was completed, in the storefront's zone."""
        at, zone = self.receipt.completed_at.ToDatetime(), ZoneInfo(self.receipt.timezone)
        return dates.format_datetime(at, "short", tzinfo=zone, locale=self.locale).replace("\u202f", " ")

    def heading(self) -> Iterator[Line]:
        """Yields who sold what to whom, and when."""
        said = self.receipt
        if said.is_reprint:
            yield Line(f"*** {self.words['reprint']} ({said.copy_number}) ***", strong=True)
        yield Line(said.business_name, strong=True)
        yield Line(said.storefront_name)
        yield Line(said.receipt_number, self.moment())
        yield Line(f"{self.words['user']}: {said.user}")
        if said.customer_name:
            yield Line(f"{self.words['customer']}: {said.customer_name}")

    def items(self) -> Iterator[tuple[Line, Line]]:
        """Yields of each item its name, and what it comes to."""
        for item in self.receipt.items:
            quantity = numbers.format_decimal(Decimal(item.quantity), locale=self.locale)
            less = f" - {self.amount(item.discount_q)}" if item.discount_q else ""
            yield (
                Line(f"{item.sku} {item.name}"),
                Line(f"{quantity} x {self.amount(item.unit_price_q)}{less}", self.amount(item.total_q)),
            )

    def totals(self) -> Iterator[Line]:
        """Yields what it comes to, and how it was paid."""
        said = self.receipt
        if said.discount_q or said.tax_q:
            yield Line(self.words["subtotal"], self.amount(said.subtotal_q))
        if said.discount_q:
            yield Line(self.words["discount"], self.amount(-said.discount_q))
        if said.tax_q:
            yield Line(self.words["tax"], self.amount(said.tax_q))
        yield Line(self.words["total"], self.amount(said.total_q), strong=True)
        if said.taxes_included_q:
            yield Line(self.words["taxes"], self.amount(said.taxes_included_q))
        for payment in said.payments:
            method = short(PaymentMethod, payment.method)
            yield Line(self.words.get(method, method), self.amount(payment.amount_q))
        if said.amount_due_q:
            yield Line(self.words["due"], self.amount(said.amount_due_q), strong=True)
        if said.amount_refunded_q:
            yield Line(self.words["refunded"], self.amount(said.amount_refunded_q))
