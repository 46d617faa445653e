"""Orders for the proof: sold at a channel that books each of them in the ERP, some cancelled afterwards."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from comanda_cli.api import Api
from comanda_cli.erp.simulator import Simulator

CHANNEL, CATEGORY, ACCOUNT = "erp-proof", "1.01.03", "90000003801"
SKUS = [f"PROOF-{number}" for number in range(8)]
CUSTOMERS = 25
CANCELLED = 0.2
CONFIG = {"post_commit_directives": ["erp.order.export"]}

JSON = dict[str, Any]


async def prepare(api: Api, omie: Simulator) -> None:
    """Makes the channel, and what the ERP must know to book its orders: products, category, and account."""
    for sku in SKUS:
        named = {"codigo_produto_integracao": sku, "codigo": sku, "descricao": sku}
        await omie.call(
            "geral/produtos", "IncluirProduto", **named, unidade="UN", ncm="0901.21.00", valor_unitario=12.5
        )
    channel = {"code": CHANNEL, "name": "Proof", "pricing_policy": "external", "config": CONFIG}
    await api.post("/api/v1/channels", channel, "channel")
    for kind, value in (("category", CATEGORY), ("account", ACCOUNT)):
        await api.put("/api/v1/erp/mappings", {"kind": kind, "key": CHANNEL, "value": value}, f"mapping-{kind}")


async def sell(api: Api, number: int, chance: random.Random) -> tuple[str, bool]:
    """Sells something; returns the order's ref, and whether it was cancelled."""
    lines = [
        {"op": "add_line", "sku": sku, "qty": str(chance.randint(1, 9)), "unit_price_q": chance.randint(100, 9000)}
        for sku in chance.sample(SKUS, chance.randint(1, 3))
    ]
    customer, cancelled = _customer(chance.randrange(CUSTOMERS)), chance.random() < CANCELLED
    ops = [*lines, {"op": "set_data", "path": "customer", "value": customer}]
    body = {"channel_code": CHANNEL, "session_key": f"proof-{number}", "ops": ops}
    await api.post("/api/v1/sessions", body, f"open-{number}")
    commit = await api.post(f"/api/v1/sessions/proof-{number}/commit", {"channel_code": CHANNEL}, f"commit-{number}")
    ref = str(commit["order_ref"])
    if cancelled:
        await api.post(
            f"/api/v1/orders/{ref}/transition", {"status": "cancelled", "reason": "proof"}, f"cancel-{number}"
        )
    return ref, cancelled


def _customer(number: int) -> JSON:
    return {
        "name": f"Cliente {number}",
        "email": f"cliente{number}@example.com",
        "address": {"state": "SP", "city": "Santos"},
    }


def wrong(records: Sequence[Mapping[str, Any]], sold: Mapping[str, bool]) -> list[str]:
    """Returns in words which orders the ERP does not have exactly once, and as they are here.

    One that was cancelled before it was booked need not be there at all.
    """
    there = Counter(_ref(each) for each in records)
    cancelled = {_ref(each): each["cancelado"] == "S" for each in records}
    found = [f"order {ref} is there {number} times" for ref, number in there.items() if number > 1]
    found += [f"order {ref} was never sold" for ref in there if ref not in sold]
    found += [f"order {ref} is missing" for ref, is_over in sold.items() if not is_over and ref not in there]
    differing = [ref for ref, is_over in sold.items() if ref in there and cancelled[ref] is not is_over]
    return found + [f"order {ref} is cancelled {'here' if sold[ref] else 'there'} only" for ref in differing]


def _ref(record: Mapping[str, Any]) -> str:
    return str(record["cabecalho"].get("codigo_pedido_integracao") or "")
