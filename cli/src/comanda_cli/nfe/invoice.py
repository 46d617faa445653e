"""Reads a Brazilian electronic invoice (NF-e, layout 4.00), bare or with its protocol around it."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree

SPACE = {"n": "http://www.portalfiscal.inf.br/nfe"}
KEY = re.compile(r"(?:NFe)?(\d{44})")
DECLARATIONS = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
"""No invoice has any; entities could make a small file a huge one."""


class NoInvoice(ValueError):
    """A file that is no NF-e, with what is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an invoice; the price is per unit, in reais."""

    code: str
    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """What a receipt is made of. `dues` are the parcels' dates; an invoice without any is paid when it is issued."""

    access_key: str
    number: str
    series: str
    issued: date
    supplier: str
    supplier_cnpj: str
    items: tuple[Item, ...]
    dues: tuple[date, ...]


def read(content: bytes) -> Invoice:
    """Returns the invoice in a file; raises NoInvoice."""
    if DECLARATIONS.search(content):
        raise NoInvoice("it declares a document type or entities")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise NoInvoice(f"it is no XML: {error}") from error
    inner = root.find(".//n:infNFe", SPACE)
    if inner is None:
        raise NoInvoice("it has no infNFe")
    key = KEY.fullmatch(inner.get("Id", ""))
    if key is None:
        raise NoInvoice("its Id is no access key of 44 digits")
    try:
        return _invoice(inner, key[1])
    except (InvalidOperation, ValueError) as error:
        raise NoInvoice(str(error)) from error


def _invoice(inner: ElementTree.Element, key: str) -> Invoice:
    issued = date.fromisoformat(_text(inner, "ide/dhEmi")[:10])
    dues = [date.fromisoformat(_text(each, "dVenc")) for each in inner.iterfind(".//n:cobr/n:dup", SPACE)]
    return Invoice(
        access_key=key,
        number=_text(inner, "ide/nNF"),
        series=_text(inner, "ide/serie"),
        issued=issued,
        supplier=_text(inner, "emit/xNome"),
        supplier_cnpj=_text(inner, "emit/CNPJ"),
        items=tuple(_item(each) for each in inner.iterfind("n:det/n:prod", SPACE)),
        dues=tuple(dues or [issued]),
    )


def _item(product: ElementTree.Element) -> Item:
    return Item(
        code=_text(product, "cProd"),
        description=_text(product, "xProd"),
        quantity=Decimal(_text(product, "qCom")),
        unit=_text(product, "uCom"),
        unit_price=Decimal(_text(product, "vUnCom")),
    )


def _text(element: ElementTree.Element, path: str) -> str:
    found = element.findtext("/".join(f"n:{name}" for name in path.split("/")), None, SPACE)
    if not (found and found.strip()):
        raise NoInvoice(f"it has no {path}")
    return found.strip()
