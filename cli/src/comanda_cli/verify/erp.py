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
    where state in ('confirmed', 'failed') and kind in ('attachment.include', 'purchase_order.close', 'receipt.conclude')
    order by business_id, kind, code
"""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Erp:
    """The simulator's records that effects leave behind: numbers of files by our code, and what is over, by id."""

    files: Mapping[str, int]
    closed_orders: frozenset[int]
    concluded_receipts: frozenset[int]

    @classmethod
    async def read(cls, omie: Simulator) -> "Erp":
        """Reads the tables; raises FleetError."""
        files, orders, receipts = [
            await omie.records(table) for table in ("attachments", "purchase_orders", "receipts")
        ]
        return cls(
            Counter(each["cCodIntAnexo"] for each in files if each["cCodIntAnexo"]),
            frozenset(each["nCodPed"] for each in orders if each["situation"] in CLOSED),
            frozenset(each["nIdReceb"] for each in receipts if each["cabec"]["cEtapa"] != TO_RECEIVE),
        )

    def times(self, effect: Record) -> int:
        """Returns how many times an effect is there."""
        if effect["kind"] == "attachment.include":
            return self.files.get(effect["code"], 0)
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
