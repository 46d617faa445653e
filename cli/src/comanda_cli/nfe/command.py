"""Registers inbound invoices as receipts in the Omie simulator, each with its XML attached."""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import click
import httpx

from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.nfe import invoice
from comanda_cli.nfe.invoice import Invoice, NoInvoice
from comanda_cli.options import home_option

SECONDS = 10.0
FAILED = 1


@click.command()
@click.argument(
    "files", metavar="FILE…", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@home_option
@click.option("--to-receive", is_flag=True, help="Leave the receipts to be concluded: they then have no payables yet.")
def nfe(files: tuple[Path, ...], home: Home, to_receive: bool) -> None:
    """Register inbound invoices (NF-e XML) as receipts in the Omie simulator, for trying things out.

    Each gets its XML as an attachment, and payables for its parcels. An invoice that is there already is left as it is. The
    summary goes to standard output as one JSON object, words go to standard error.
    """
    base_url = home.credentials()["omie_simulator"]
    with httpx.Client(base_url=base_url, timeout=SECONDS) as simulator:
        outcomes = [_register(simulator, file, to_receive) for file in files]
    counts = {state: [each["state"] for each in outcomes].count(state) for state in ("imported", "known", "refused")}
    click.echo(json.dumps({**counts, "receipts": outcomes}))
    sys.exit(FAILED if counts["refused"] else 0)


def _register(simulator: httpx.Client, file: Path, to_receive: bool) -> dict[str, Any]:
    content = file.read_bytes()
    try:
        found = invoice.read(content)
    except NoInvoice as error:
        click.echo(f"{file.name}: {error}", err=True)
        return {"file": file.name, "state": "refused", "reason": str(error)}
    try:
        answer = simulator.post("/_control/receipts", json=receipt(found, content, concluded=not to_receive))
    except httpx.TransportError as error:
        raise FleetError("the Omie simulator does not answer: is Comanda up?") from error
    named = {"file": file.name, "access_key": found.access_key}
    if answer.status_code == httpx.codes.CONFLICT:
        return {**named, "state": "known"}
    if answer.status_code != httpx.codes.OK:
        reason = str(answer.json().get("error"))
        click.echo(f"{file.name}: {reason}", err=True)
        return {**named, "state": "refused", "reason": reason}
    made = answer.json()
    return {
        **named,
        "state": "imported",
        "nIdReceb": made["nIdReceb"],
        "payables": [e["nIdTitulo"] for e in made["parcels"]],
    }


def receipt(found: Invoice, content: bytes, *, concluded: bool) -> dict[str, Any]:
    """Returns an invoice as the simulator takes it; its dates and numbers are written as Omie writes them."""
    return {
        "access_key": found.access_key,
        "nf_number": found.number,
        "series": found.series,
        "issued": found.issued.strftime("%d/%m/%Y"),
        "supplier": {"name": found.supplier, "cnpj": found.supplier_cnpj},
        "items": [
            {"code": each.code, "description": each.description, "unit": each.unit,
             "quantity": float(each.quantity), "unit_price": float(each.unit_price)}
            for each in found.items
        ],
        "parcels": len(found.dues),
        "due": [due.strftime("%d/%m/%Y") for due in found.dues],
        "attachments": [{"name": f"{found.access_key}-nfe.xml", "content_base64": base64.b64encode(content).decode()}],
        "concluded": concluded,
    }  # fmt: skip
