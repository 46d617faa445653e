"""Inbound invoices for the proof: the real ones of a directory, and any number of others of the same layout."""

import base64
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from comanda_cli.nfe import invoice
from comanda_cli.nfe.command import receipt
from comanda_cli.nfe.invoice import NoInvoice

FIRST_DAY = date(2026, 1, 5)
MOST_PARCELS, MOST_ITEMS = 3, 4
DOCUMENT = """<?xml version="1.0" encoding="utf-8"?>
<nfeProc xmlns="http://www.portalfiscal.inf.br/nfe" versao="4.00"><NFe><infNFe versao="4.00" Id="NFe{key}">
<ide><nNF>{number}</nNF><serie>1</serie><dhEmi>{day}T09:30:00-03:00</dhEmi></ide>
<emit><CNPJ>{supplier:014}</CNPJ><xNome>Fornecedor {supplier} Ltda</xNome></emit>
{items}<cobr>{parcels}</cobr></infNFe></NFe></nfeProc>
"""
ITEM = """<det nItem="{at}"><prod><cProd>P-{code}</cProd><xProd>Produto {code}</xProd><uCom>UN</uCom>
<qCom>{quantity}.0000</qCom><vUnCom>{reais}.{cents:02}00</vUnCom></prod></det>
"""
PARCEL = "<dup><nDup>{at:03}</nDup><dVenc>{day}</dVenc><vDup>1.00</vDup></dup>"


def receipts(directory: Path, payables: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Yields receipts as the simulator takes them, which have so many payables together: real invoices first.

    What is no invoice in the directory is passed over; one that does not exist has none.
    """
    contents = [path.read_bytes() for path in sorted(directory.glob("*.xml"))] if directory.is_dir() else []
    number = 0
    while payables > 0:
        content = contents.pop(0) if contents else _generated(number := number + 1, chance, payables)
        try:
            found = invoice.read(content)
        except NoInvoice:
            continue
        if len(found.dues) > payables:
            continue
        payables -= len(found.dues)
        made = receipt(found, content, concluded=True)
        extra = _picture(found.number, chance) if chance.random() < 1 / 3 else []
        yield {**made, "attachments": [*made["attachments"], *extra]}


def _generated(number: int, chance: random.Random, most_parcels: int) -> bytes:
    day = FIRST_DAY + timedelta(days=chance.randrange(300))
    parcels = range(1, chance.randint(1, min(MOST_PARCELS, most_parcels)) + 1)
    items = [
        ITEM.format(at=at, code=chance.randrange(500), quantity=chance.randint(1, 90), reais=chance.randint(1, 400),
                    cents=chance.randrange(100))
        for at in range(1, chance.randint(1, MOST_ITEMS) + 1)
    ]  # fmt: skip
    text = DOCUMENT.format(
        key=f"35260100000000000{number:027}",
        number=200_000 + number,
        day=day,
        supplier=chance.randint(1, 40),
        items="".join(items),
        parcels="".join(PARCEL.format(at=at, day=day + timedelta(days=30 * at)) for at in parcels),
    )
    return text.encode()


def _picture(number: str, chance: random.Random) -> list[dict[str, str]]:
    """Returns a second attachment: what a printer would have made of the invoice, up to 40 kB of it."""
    content = b"%PDF-1.4\n" + chance.randbytes(chance.randint(1_000, 40_000))
    return [{"name": f"danfe {number}.pdf", "content_base64": base64.b64encode(content).decode()}]
