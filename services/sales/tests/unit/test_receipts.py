"""Receipts as they are shown: the same words on screen and on paper."""

from datetime import UTC, datetime

import pytest

from comanda.sales.v1 import receipts_pb2 as pb
from comanda.sales.v1 import sales_pb2
from sales.receipts import html, pdf


def receipt(**fields: object) -> pb.Receipt:
    item = pb.ReceiptItem(
        sku="CAFE", name="Café <moído>", quantity="2.500", unit_price_q=1000, discount_q=100, tax_q=240, total_q=2640
    )
    payment = pb.ReceiptPayment(method=sales_pb2.PAYMENT_METHOD_PIX, amount_q=1000)
    made = pb.Receipt(
        receipt_number="centro-20261120-0001", business_name="Padaria São José", storefront_name="Centro",
        timezone="America/Sao_Paulo", currency="BRL", user="key:caixa", items=[item], subtotal_q=2640, total_q=2640,
        taxes_included_q=240, amount_paid_q=1000, amount_due_q=1640, payments=[payment], copy_number=1,
    )  # fmt: skip
    made.completed_at.FromDatetime(datetime(2026, 11, 20, 15, 30, tzinfo=UTC))
    made.MergeFrom(pb.Receipt(**fields))
    return made


def test_a_page_shows_amounts_and_times_as_its_reader_writes_them() -> None:
    shown = html.render(receipt(), "pt").decode()
    for text in ("R$ 26,40", "2,5 x R$ 10,00 - R$ 1,00", "20/11/2026 12:30", "Falta pagar", "R$ 16,40", 'lang="pt"'):
        assert text in shown
    shown = html.render(receipt(), "en").decode()
    for text in ("R$26.40", "2.5 x R$10.00", "11/20/26, 12:30 PM", "Still due"):
        assert text in shown


def test_what_a_product_is_called_is_no_markup() -> None:
    shown = html.render(receipt(), "pt").decode()
    assert "Café &lt;moído&gt;" in shown
    assert "<moído>" not in shown


def test_a_currency_without_cents_has_none() -> None:
    assert "¥2,640" in html.render(receipt(currency="JPY"), "en").decode()


@pytest.mark.parametrize("language", ["en", "pt"])
def test_only_a_copy_says_that_it_is_one(language: str) -> None:
    mark = {"en": "REPRINT (2)", "pt": "2ª VIA (2)"}[language]
    again = receipt(is_reprint=True, copy_number=2)
    assert mark in html.render(again, language).decode()
    assert mark not in html.render(receipt(), language).decode()
    escaped = mark.replace("(", r"\(").replace(")", r"\)").replace("ª", r"\252").encode()
    assert escaped in pdf.render(again, language)
    assert escaped not in pdf.render(receipt(), language)


def test_paper_holds_everything_and_is_as_long_as_that_takes() -> None:
    short, names = pdf.render(receipt(), "pt"), [f"Item {n} {'com um nome comprido ' * 3}" for n in range(100)]
    long = pdf.render(receipt(items=[pb.ReceiptItem(sku="X", name=each, quantity="1") for each in names]), "pt")
    assert short.startswith(b"%PDF-")
    assert b"TOTAL" in short
    assert b"R$ 26,40" in short
    assert b"Item 99" in long
    assert height(long) > 10 * height(short)


def test_letters_that_the_paper_does_not_know_stop_nobody() -> None:
    assert pdf.render(receipt(customer_name="コーヒー 🎉"), "pt").startswith(b"%PDF-")


def height(document: bytes) -> float:
    box = document.partition(b"/MediaBox [")[2].partition(b"]")[0].split()
    return float(box[3])
