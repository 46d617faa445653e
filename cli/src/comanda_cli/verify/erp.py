"""What must be true of the effects on the ERP: the bridge's ledger says what the ERP has, no less and no more."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from comanda_cli.erp.simulator import Simulator
from comanda_cli.verify.check import MOST_ROWS, Check, Connections, Finding, Row, rows_check

DATABASE = "erp-bridge"
TO_RECEIVE = "40"
CLOSED = frozenset({"encerrado", "recebido"})
EFFECTS = """
    select business_id, kind, code, state, intent from effects
    where state in ('confirmed', 'failed')
        and kind in ('attachment.include', 'purchase_order.close', 'receipt.conclude', 'order.include', 'order.cancel')
    order by business_id, kind, code
"""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Erp:
    """The simulator's records that effects leave behind: numbers of files and sales orders by our code, and what is over, by id."""

    files: Mapping[str, int]
    closed_orders: frozenset[int]
    concluded_receipts: frozenset[int]
    sales_orders: Mapping[str, int]
    cancelled_sales: frozenset[int]

    @classmethod
    async def read(cls, omie: Simulator) -> "Erp":
        """Reads the tables; raises FleetError."""
        files, sales, orders, receipts = [
            await omie.records(table) for table in ("attachments", "sales_orders", "purchase_orders", "receipts")
        ]
        return cls(
            Counter(each["cCodIntAnexo"] for each in files if each["cCodIntAnexo"]),
            frozenset(each["nCodPed"] for each in orders if each["situation"] in CLOSED),
            frozenset(each["nIdReceb"] for each in receipts if each["cabec"]["cEtapa"] != TO_RECEIVE),
            Counter(each["cabecalho"]["codigo_pedido_integracao"] for each in sales),
            frozenset(each["codigo_pedido"] for each in sales if each["cancelado"] == "S"),
        )

    def times(self, effect: Record) -> int:
        """Returns how many times an effect is there."""
        if effect["kind"] == "attachment.include":
            return self.files.get(effect["code"], 0)
        if effect["kind"] == "order.include":
            return self.sales_orders.get(effect["code"], 0)
        if effect["kind"] == "order.cancel":
            return int(effect["intent"]["nCodPed"] in self.cancelled_sales)
        if effect["kind"] == "receipt.conclude":
            return int(effect["intent"]["nIdReceb"] in self.concluded_receipts)
        return int(effect["intent"].get("nCodPed") in self.closed_orders)


def wrong(effects: Sequence[Record], erp: Erp) -> list[Row]:
    """Returns the effects that are not there although they are confirmed, or are there more than once.

    One that failed may be there: an order is also closed for other reasons than ours.
    """
    found: list[Row] = []
    for each in effects:
        times = erp.times(each)
        if times > 1 or (times == 0 and each["state"] == "confirmed" and not _is_direct(each)):
            place = (("business_id", each["business_id"]), ("kind", each["kind"]), ("code", each["code"]))
            found.append((*place, ("state", each["state"]), ("in_the_erp", times)))
    return found[:MOST_ROWS]


def _is_direct(effect: Record) -> bool:
    """Tells whether an order was closed by a call that only some accounts have; it shows as no situation."""
    return effect["kind"] == "purchase_order.close" and "nCodPed" not in effect["intent"]


def check(base_url: str) -> Check:
    """Returns the check of the ledger against the simulator at an address."""

    async def find(connections: Connections) -> Finding:
        rows = await connections[DATABASE].fetch(EFFECTS)
        effects = [{**row, "intent": json.loads(row["intent"])} for row in rows]
        async with Simulator(base_url) as omie:
            return Finding(len(effects), wrong(effects, await Erp.read(omie)))

    return Check(
        f"{DATABASE} and the Omie simulator: every effect of the ledger is there exactly once",
        (DATABASE,),
        find,
        "The answer to a call was misread, a call was repeated that had worked, or somebody has removed the record at the ERP.",
        settles=True,
    )


CHECKS = (
    rows_check(
        "every order that the ledger has booked knows its number in the ERP, and no other does",
        DATABASE,
        count="select count(*) from erp_orders where external_id is not null",
        wrong="""
            select coalesce(o.business_id, e.business_id) as business_id, coalesce(o.ref, e.code) as ref, o.state, o.external_id,
                e.state as effect
            from erp_orders o
            full join (select * from effects where kind = 'order.include' and state = 'confirmed') e
                on e.business_id = o.business_id and e.code = o.ref
            where (o.external_id is null) <> (e.code is null) and (o.ref is not null or e.code is not null)
            order by 1, 2
        """,
        explanation="Number and effect are written together: one of the two was changed behind the back of the bridge.",
    ),
    rows_check(
        "no effect on the ERP stays in doubt",
        DATABASE,
        count="select count(*) from effects",
        wrong="""
            select business_id, kind, code, subject, state, attempts, error, updated_at from effects
            where state in ('sent', 'in_doubt') and updated_at < now() - interval '15 minutes'
            order by updated_at
        """,
        explanation="A call's answer was lost, and nobody has asked the ERP what became of it: ask for the same work again.",
    ),
)
