"""Receipts as PDF: one page as wide as a receipt printer's paper, and as long as it takes."""

from collections.abc import Iterator
from io import BytesIO

from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from comanda.sales.v1 import receipts_pb2 as pb
from sales.receipts.words import Line, Words

WIDTH, MARGIN = 80 * mm, 4 * mm
PLAIN, STRONG, SIZE, LEADING = "Helvetica", "Helvetica-Bold", 8, 11
RULE = Line("")


def render(receipt: pb.Receipt, language: str) -> bytes:
    """Returns the page, in `en` or `pt`. Letters that no Western European alphabet has are shown as boxes."""
    lines = [part for line in _lines(Words(receipt, language)) for part in _wrapped(line)]
    height = 2 * MARGIN + LEADING * len(lines)
    made = BytesIO()
    # Uncompressed: a few kilobytes in which whoever looks for a word finds it.
    canvas = Canvas(made, pagesize=(WIDTH, height), pageCompression=0, lang=language)
    canvas.setTitle(receipt.receipt_number)
    for number, line in enumerate(lines, 1):
        _draw(canvas, line, height - MARGIN - LEADING * number + (LEADING - SIZE))
    canvas.showPage()
    canvas.save()
    return made.getvalue()


def _lines(words: Words) -> Iterator[Line]:
    yield from words.heading()
    yield RULE
    for name, figures in words.items():
        yield from (name, figures)
    yield RULE
    yield from words.totals()


def _wrapped(line: Line) -> list[Line]:
    """Returns a line as the lines that it takes; what stands at the right has a place of its own."""
    if line.right or line is RULE:
        return [line]
    parts = simpleSplit(line.left, _font(line), SIZE, WIDTH - 2 * MARGIN)
    return [line._replace(left=part) for part in parts]


def _draw(canvas: Canvas, line: Line, height: float) -> None:
    if line is RULE:
        canvas.line(MARGIN, height + SIZE / 3, WIDTH - MARGIN, height + SIZE / 3)
        return
    canvas.setFont(_font(line), SIZE)
    canvas.drawString(MARGIN, height, line.left)
    canvas.drawRightString(WIDTH - MARGIN, height, line.right)


def _font(line: Line) -> str:
    return STRONG if line.strong else PLAIN
