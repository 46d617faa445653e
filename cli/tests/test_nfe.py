"""`comanda import nfe`: reading invoices, and the receipts that become of them."""

import json
from pathlib import Path

import httpx
import pytest

from comanda_cli.nfe import invoice
from comanda_cli.nfe.invoice import NoInvoice
from comanda_cli.testing import Fleet

KEY = "35200159594315000157550010000000012062777161"


EMIT = "<CNPJ>59594315000157</CNPJ><xNome>Móveis &amp; Cia</xNome>"
PRODUCT = "<cProd>1018</cProd><xProd>AVEIA</xProd><uCom>UN</uCom><qCom>72.0000</qCom><vUnCom>4.3600000</vUnCom>"


def document(key: str = f"NFe{KEY}", *, dues: str = "", emit: str = EMIT) -> bytes:
    """An invoice as it comes, with its protocol around it."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<nfeProc xmlns="http://www.portalfiscal.inf.br/nfe" versao="4.00"><NFe><infNFe versao="4.00" Id="{key}">
<ide><nNF>47678</nNF><serie>1</serie><dhEmi>2018-08-17T14:47:58-03:00</dhEmi></ide><emit>{emit}</emit>
<det nItem="1"><prod>{PRODUCT}</prod></det>{dues}</infNFe></NFe></nfeProc>""".encode()


def test_an_invoice_is_read_whether_its_id_has_the_prefix_or_not() -> None:
    found = invoice.read(document())
    assert found == invoice.read(document(KEY))
    assert (found.access_key, found.number, found.supplier) == (KEY, "47678", "Móveis & Cia")
    [item] = found.items
    assert (item.code, str(item.quantity * item.unit_price)) == ("1018", "313.92000000000")
    assert [str(due) for due in found.dues] == ["2018-08-17"]


def test_parcels_have_their_dates() -> None:
    dues = "".join(f"<dup><nDup>{n}</nDup><dVenc>2018-0{8 + n}-17</dVenc><vDup>1</vDup></dup>" for n in (0, 1))
    found = invoice.read(document(dues=f"<cobr>{dues}</cobr>"))
    assert [str(due) for due in found.dues] == ["2018-08-17", "2018-09-17"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no xml", "no XML"),
        (b"<a/>", "no infNFe"),
        (document("NFe123"), "44 digits"),
        (document(emit="<CNPJ>1</CNPJ>"), "no emit/xNome"),
        (document().replace(b"72.0000", b"many"), "ConversionSyntax"),
        (document().replace(b"2018-08-17T", b"2018-13-17T"), "month"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + document()[38:], "document type"),
    ],
)
def test_what_is_no_invoice_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(NoInvoice, match=reason):
        invoice.read(content)


@pytest.mark.xdist_group("fleet")
def test_invoices_become_receipts_once(fleet: Fleet, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_bytes(document())
    bad.write_text("no xml")
    first = fleet.run("import", "nfe", str(good), str(bad))
    assert first.returncode == 1
    assert "bad.xml: it is no XML" in first.stderr
    told = json.loads(first.stdout)
    assert (told["imported"], told["known"], told["refused"]) == (1, 0, 1)
    made = told["receipts"][0]
    again = fleet.run("import", "nfe", str(good))
    assert (again.returncode, json.loads(again.stdout)["known"]) == (0, 1)
    credentials = fleet.home.credentials()
    answer = httpx.post(
        f"{credentials['base_url']}/api/v1/attachments/transferir",
        json={"origem_id": made["nIdReceb"], "destino_id": made["payables"][0]},
        headers={"authorization": f"Bearer {credentials['api_key']}"},
        timeout=300,
    )
    assert (answer.json()["status"], answer.json()["anexos_transferidos"]) == ("success", 1)
