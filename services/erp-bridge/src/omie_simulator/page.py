"""Pages to look at the records: for people."""

import html
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from omie_simulator.store import Record
from omie_simulator.world import World

TABLES = {
    "receipts": "cabec.nIdReceb cabec.cNumeroNFe cabec.cEtapa cabec.cRazaoSocial cabec.nValorNFe infoCadastro.dInc",
    "payables": "codigo_lancamento_omie codigo_lancamento_integracao numero_documento_fiscal data_vencimento"
    " valor_documento valor_pag id_origem",
    "attachments": "nIdAnexo cTabela nId cNomeArquivo cCodIntAnexo bytes",
    "purchase_orders": "nCodPed cabecalho.cNumero cabecalho.cCodIntPed cabecalho.cEtapa situation reason",
    "sales_orders": "codigo_pedido cabecalho.numero_pedido cabecalho.codigo_pedido_integracao cabecalho.etapa faturado"
    " cancelado",
    "customers": "codigo_cliente_omie codigo_cliente_integracao razao_social cnpj_cpf estado",
    "products": "codigo_produto codigo codigo_produto_integracao descricao valor_unitario inativo",
    "stock_movements": "id_movest id_prod quantity origin data",
    "stock_minimums": "id_prod quan_min",
    "adjustments": "id_ajuste cod_int_ajuste id_prod tipo quan data",
    "stage_history": "id nCodPed cNumero cEtapa dDtEtapa cHrEtapa",
    "accounts": "nCodCC descricao",
    "categories": "codigo descricao",
    "endpoints": "id url topics",
    "deliveries": "id endpoint message.topic attempts",
}
"""Each table, and which fields of a record are columns; all of them show when a row is opened."""
PAGE = 50
FRAME = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>{title} · Omie simulator</title><style>
body {{ font: 14px sans-serif; margin: 2em min(2em, 4vw) }}
.wide {{ overflow-x: auto }} table {{ border-collapse: collapse }} nav {{ margin: 1em 0 }}
td, th {{ text-align: left; vertical-align: top; padding: .3em 1em .3em 0; white-space: nowrap; border-bottom: 1px solid #ddd }}
pre {{ background: #f4f4f4; padding: .6em; overflow: auto; max-width: min(60em, 80vw) }} summary {{ cursor: pointer }}
</style><h1>Omie simulator</h1>{body}</html>"""


def index(world: World) -> str:
    """Returns the tables and how many records each has."""
    rows = "".join(
        f'<tr><td><a href="/records/{table}">{table}</a></td><td>{len(list(world.store.rows(table)))}</td></tr>'
        for table in TABLES
    )
    now = html.escape(f"{world.clock.date()} {world.clock.time()}")
    body = f"<p>Its time is {now}.</p><table><tr><th>records</th><th></th></tr>{rows}</table>"
    return FRAME.format(title="Records", body=body)


def records(world: World, table: str, wanted: str, page: int) -> str:
    """Returns one page of a table's records, newest first: those in which a text occurs."""
    shown = [_without_path(each) for each in reversed(list(world.store.rows(table)))]
    found = [each for each in shown if wanted.casefold() in _words(each).casefold()] if wanted else shown
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(1, page), pages)
    columns = TABLES[table].split()
    head = "".join(f"<th>{column.rpartition('.')[2]}</th>" for column in columns)
    rows = "".join(_row(each, columns) for each in found[(page - 1) * PAGE : page * PAGE])
    search = f'<form><input name="q" value="{html.escape(wanted)}" aria-label="Text"> <button>Find</button></form>'
    steps = f"<nav>Records: {len(found)}, page {page} of {pages} {' '.join(_steps(wanted, page, pages))}</nav>"
    content = f'<div class="wide"><table><tr>{head}<th></th></tr>{rows}</table></div>'
    body = f'<p><a href="/">All tables</a></p><h2>{table}</h2>{search}{steps}{content}'
    return FRAME.format(title=table, body=body)


def _steps(wanted: str, page: int, pages: int) -> Iterator[str]:
    for word, to in (("newest", 1), ("newer", page - 1), ("older", page + 1), ("oldest", pages)):
        if 1 <= to <= pages and to != page:
            yield f'<a href="?{html.escape(urlencode({"q": wanted, "page": to}))}">{word}</a>'


def _row(record: Record, columns: list[str]) -> str:
    cells = "".join(f"<td>{html.escape(str(_field(record, column)))}</td>" for column in columns)
    whole = f"<details><summary>all</summary><pre>{html.escape(_text(record))}</pre></details>"
    return f"<tr>{cells}<td>{whole}</td></tr>"


def _field(record: Record, column: str) -> Any:
    for name in column.split("."):
        record = record.get(name, "")
    return record


def _words(value: Any) -> str:
    """Returns what is in a record, without the names of its fields."""
    if isinstance(value, dict | list):
        return " ".join(_words(each) for each in (value.values() if isinstance(value, dict) else value))
    return str(value)


def _text(record: Record) -> str:
    return json.dumps(record, indent=1, ensure_ascii=False)


def _without_path(record: Record) -> Record:
    # Whoever knows an endpoint's path may post to it.
    return {name: value.rpartition("/")[0] + "/…" if name == "url" else value for name, value in record.items()}
