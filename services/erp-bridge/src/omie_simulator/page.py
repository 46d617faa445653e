"""A page to look at the records: for people."""

import html
import json

from omie_simulator.store import Record
from omie_simulator.world import World

TABLES = (
    "receipts", "payables", "attachments", "purchase_orders", "sales_orders", "customers", "products", "stock_movements",
    "stock_minimums", "adjustments", "stage_history", "accounts", "categories", "endpoints", "deliveries",
)  # fmt: skip
NEWEST = 200
FRAME = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Omie simulator</title><style>
body {{ font: 14px sans-serif; margin: 2em; max-width: 70em }} pre {{ background: #f4f4f4; padding: .6em; overflow: auto }}
td, th {{ text-align: left; padding-right: 2em }}</style><h1>Omie simulator</h1>{body}</html>"""


def index(world: World) -> str:
    """Returns the tables and how many records each has."""
    rows = "".join(
        f'<tr><td><a href="/records/{table}">{table}</a></td><td>{len(list(world.store.rows(table)))}</td></tr>'
        for table in TABLES
    )
    now = html.escape(f"{world.clock.date()} {world.clock.time()}")
    return FRAME.format(body=f"<p>Its time is {now}.</p><table><tr><th>records</th><th></th></tr>{rows}</table>")


def records(world: World, table: str) -> str:
    """Returns the newest records of a table."""
    newest = list(world.store.rows(table))[: -NEWEST - 1 : -1]
    return FRAME.format(body=f'<p><a href="/">All</a></p><h2>{table}</h2>{"".join(map(_record, newest))}')


def _record(record: Record) -> str:
    return f"<pre>{html.escape(json.dumps(_without_token(record), indent=1, ensure_ascii=False))}</pre>"


def _without_token(record: Record) -> Record:
    # Whoever knows an endpoint's path may post to it.
    return {name: value.rpartition("/")[0] + "/…" if name == "url" else value for name, value in record.items()}
