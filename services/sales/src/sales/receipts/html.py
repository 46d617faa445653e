"""Receipts as pages for a browser."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from comanda.sales.v1 import receipts_pb2 as pb
from sales.receipts.words import Words

PAGES = Environment(loader=PackageLoader("sales.receipts", ""), autoescape=True, undefined=StrictUndefined)


def render(receipt: pb.Receipt, language: str) -> bytes:
    """Returns the page, in `en` or `pt`."""
    return PAGES.get_template("receipt.html").render(receipt=receipt, words=Words(receipt, language)).encode()
