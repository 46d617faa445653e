"""What the proof puts a fleet through, and what must come out of it."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from comanda_cli.api import Api, together
from comanda_cli.erp import invoices
from comanda_cli.erp import orders as selling
from comanda_cli.erp.simulator import Simulator
from comanda_cli.fleet import addresses
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home

BRIDGE = "erp-bridge"
CLIENTS = 8
REPEATED, LATE, LATE_SECONDS = 0.3, 0.05, 15.0
BY_RECEIPT = 10
"""Every tenth purchase order ends by a receipt of its goods, the others by a person at the screen."""
NO_RECEIPT = 77
STALLED_SECONDS = 300.0
"""The proof is given up when nothing at all has come to an end for so long."""
LOOK_SECONDS, POLL_SECONDS = 1.0, 0.05
LATER_SECONDS = 600
# The receipts that end purchase orders have payables too, but no files: they are not counted.
OUTCOMES = """
    select 'transfer ' || status as outcome, count(distinct destino_id) as n
    from attachment_transfers where destino_id = any($1) group by 1
    union all select 'closure ' || status, count(distinct numero_pedido) from purchase_order_closures group by 1
    union all select 'order ' || state, count(*) from erp_orders group by 1
"""
EFFECTS = "select count(*) from effects where state = 'confirmed'"
FOR_GOOD = """
    select distinct origem_id, destino_id from attachment_transfers t
    where status = 'failed' and not exists (
        select from attachment_transfers o
        where (o.business_id, o.destino_id) = (t.business_id, t.destino_id) and o.status <> 'failed'
    )
"""
CLOSED_FOR_GOOD = """
    select distinct numero_pedido, numero_nf_servico, id_nf_servico from purchase_order_closures c
    where status = 'failed' and not exists (
        select from purchase_order_closures o
        where (o.business_id, o.numero_pedido) = (c.business_id, c.numero_pedido) and o.status <> 'failed'
    )
"""

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard the proof is: numbers, the part of the ERP's answers that get lost, and the speed of the ERP's clock."""

    seed: int
    transfers: int
    closures: int
    orders: int
    kills: int
    lost: float
    speed: float
    invoices: Path

    @property
    def environment(self) -> dict[str, str]:
        """What tells the bridge that time passes faster at the ERP."""
        return {
            "OMIE_CLOCK_SPEED": str(self.speed),
            "OMIE_RETRY_BACKOFF_SECONDS": str(1 / self.speed),
            "OMIE_PO_WATCH_SECONDS": str(15 / self.speed),
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """A receipt, one of its payables, and how many files each payable must get."""

    origin: int
    payable: int
    files: int


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase order, and what its closure is asked with; one without a receipt waits for a person."""

    id: int
    number: str
    invoice: str
    invoice_id: int

    @property
    def waits_for_person(self) -> bool:
        """Whether nothing but the screen closes it."""
        return self.invoice_id == NO_RECEIPT


class Hardship:
    """One run of the proof on a fleet."""

    def __init__(self, home: Home, plan: Plan, tell: Callable[[str], None]) -> None:
        self._home = home
        self._plan = plan
        self._tell = tell
        self._chance = random.Random(plan.seed)
        self._killed = 0

    async def prove(self) -> tuple[JSON, list[str]]:
        """Returns what was counted, and in words what is wrong; raises FleetError when things come to a stop."""
        began = time.monotonic()
        database = await asyncpg.create_pool(addresses.kept(self._home).databases[BRIDGE], min_size=1, max_size=2)
        async with database, Simulator.of(self._home) as omie, Api.of(self._home, CLIENTS) as api:
            await selling.prepare(api, omie)
            await self._make_hard(omie)
            self._tell("Importing invoices and purchase orders, and asking for everything")
            killing = asyncio.create_task(self._kill(database))
            try:
                orders = [await self._order(omie, number) for number in range(self._plan.closures)]
                asking = asyncio.create_task(self._ask_for_closures(api, omie, orders))
                selling_all = asyncio.create_task(self._sell(api))
                pairs = await self._import(api, omie)
                await asking
                sold = await selling_all
                await killing
                self._tell("Waiting for the last of it")
                await self._until_done(api, omie, database, [pair.payable for pair in pairs])
            finally:
                killing.cancel()
            return await self._counted(omie, began), await self._wrong(omie, pairs, orders, sold)

    async def _make_hard(self, omie: Simulator) -> None:
        plan, credentials = self._plan, self._home.credentials()
        await omie.control("clock", speed=plan.speed)
        await omie.control(
            "webhooks", url=f"{credentials['base_url']}/api/v1/erp/webhooks/{credentials['omie_webhook_secret']}"
        )
        for kind, probability, seconds in (
            ("timeout_after_commit", plan.lost, 0),
            ("duplicate_webhook", REPEATED, 0),
            ("late_webhook", LATE, LATE_SECONDS),
        ):
            fault = {"call": "*", "kind": kind, "probability": probability, "seconds": seconds}
            await omie.control("faults", **fault, seed=self._chance.randrange(2**32))

    async def _import(self, api: Api, omie: Simulator) -> list[Pair]:
        """Imports the invoices: their webhooks start the transfers, and half of them are asked for by hand besides."""
        pairs: list[Pair] = []
        for each in invoices.receipts(self._plan.invoices, self._plan.transfers, self._chance):
            made = await omie.control("receipts", **each)
            new = [Pair(made["nIdReceb"], parcel["nIdTitulo"], len(each["attachments"])) for parcel in made["parcels"]]
            pairs += new
            await together(_ask(api, pair.origin, pair.payable, "asked") for pair in new if self._chance.random() < 0.5)
        return pairs

    async def _sell(self, api: Api) -> dict[str, bool]:
        """Sells orders; returns by ref whether each was cancelled."""
        waiting, sold = iter(range(self._plan.orders)), dict[str, bool]()

        async def some() -> None:
            for number in waiting:
                ref, cancelled = await selling.sell(api, number, self._chance)
                sold[ref] = cancelled

        await together(some() for _ in range(CLIENTS // 2))
        return sold

    async def _order(self, omie: Simulator, number: int) -> Order:
        made = await omie.control("purchase-orders")
        if number % BY_RECEIPT:
            return Order(made["nCodPed"], made["cNumero"], "NF1", NO_RECEIPT)
        invoice = str(900_000 + number)
        receipt = await omie.control("receipts", concluded=False, nf_number=invoice)
        return Order(made["nCodPed"], made["cNumero"], invoice, receipt["nIdReceb"])

    async def _ask_for_closures(self, api: Api, omie: Simulator, orders: Sequence[Order]) -> None:
        """Asks for each closure, and is then the person who closes the orders at the screen, in another order."""
        for each in orders:
            await _ask_to_close(api, each.number, each.invoice, each.invoice_id, "asked")
        for each in self._chance.sample(orders, len(orders)):
            if each.waits_for_person:
                await omie.control(f"purchase-orders/{each.id}/close", reason=each.invoice)

    async def _kill(self, database: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Kills the bridge at random moments: each when some more of its effects are there than at the last."""
        goal = self._plan.transfers + self._plan.closures + self._plan.orders
        for number in range(self._plan.kills):
            target = (number + self._chance.random()) * goal / (self._plan.kills + 1)

            async def is_time(target: float = target) -> bool:
                return bool(await database.fetchval(EFFECTS) >= target)

            async def is_another(former: int) -> bool:
                return self._pid() not in (0, former)

            await _until(is_time)
            os.kill(pid := self._pid(), signal.SIGKILL)
            self._killed += 1
            await _until(partial(is_another, pid))

    def _pid(self) -> int:
        """Returns the bridge's process; zero while there is none."""
        processes = (self._home.read("state") or {"processes": []})["processes"]
        return next((int(each["pid"] or 0) for each in processes if each["name"] == BRIDGE), 0)

    async def _until_done(
        self, api: Api, omie: Simulator, database: "asyncpg.Pool[asyncpg.Record]", payables: Sequence[int]
    ) -> None:
        """Waits, doing what people do: what has failed is started again, by one call for all, or one by one at last."""
        goal = self._plan.transfers, self._plan.closures, self._plan.orders
        last, since, again = dict[str, int](), time.monotonic(), 0
        while True:
            outcomes = {row["outcome"]: row["n"] for row in await database.fetch(OUTCOMES, payables)}
            waiting = (await omie.stats())["webhooks_waiting"]
            if not waiting and _ended(outcomes) == goal:
                return
            if outcomes != last:
                last, since = outcomes, time.monotonic()
                self._tell(", ".join(f"{name} {number}" for name, number in sorted(outcomes.items())))
            if time.monotonic() - since > STALLED_SECONDS:
                raise FleetError(f"nothing moves any more at {outcomes} with {waiting} webhooks waiting")
            if waiting:
                # An event that came while the bridge was away is delivered again after ten minutes of the ERP's clock.
                await omie.control("clock", advance_seconds=LATER_SECONDS)
            if outcomes.keys() & {"transfer failed", "closure failed", "order failed"}:
                again += 1
                await self._try_again(api, database, again)
            await asyncio.sleep(LOOK_SECONDS)

    async def _try_again(self, api: Api, database: "asyncpg.Pool[asyncpg.Record]", again: int) -> None:
        await api.post("/api/v1/attachments/processar_pendentes", {}, f"pending-{again}")
        await api.post("/api/v1/purchase-orders/reprocessar_falhas", {}, f"failed-{again}")
        await api.post("/api/v1/erp/orders/reprocess", {}, f"orders-{again}")
        for row in await database.fetch(FOR_GOOD):
            await _ask(api, row["origem_id"], row["destino_id"], f"again-{again}")
        for row in await database.fetch(CLOSED_FOR_GOOD):
            place = (row["numero_pedido"], row["numero_nf_servico"], row["id_nf_servico"])
            await _ask_to_close(api, *place, f"again-{again}")

    async def _counted(self, omie: Simulator, began: float) -> JSON:
        stats = await omie.stats()
        return {
            "transfers": self._plan.transfers,
            "closures": self._plan.closures,
            "orders": self._plan.orders,
            "kills": self._killed,
            "calls": sum(stats["calls"].values()),
            "answers_lost": stats["struck"].get("timeout_after_commit", 0),
            "webhooks_repeated": stats["struck"].get("duplicate_webhook", 0),
            "webhooks_late": stats["struck"].get("late_webhook", 0),
            "errors": stats["errors"],
            "blocks": stats["blocks"],
            "refused_as_duplicates": stats["duplicates"],
            "seconds": round(time.monotonic() - began, 1),
        }

    async def _wrong(
        self, omie: Simulator, pairs: Sequence[Pair], orders: Sequence[Order], sold: Mapping[str, bool]
    ) -> list[str]:
        stats = await omie.stats()
        return [
            *_wrong_files(await omie.records("attachments"), {each.payable: each.files for each in pairs}),
            *_wrong_orders(await omie.records("purchase_orders"), await omie.records("receipts"), orders),
            *selling.wrong(await omie.records("sales_orders"), sold),
            *([f"the ERP has blocked {stats['blocks']} times"] if stats["blocks"] else []),
            *([f"the ERP has refused {stats['duplicates']} repetitions"] if stats["duplicates"] else []),
        ]


def _ended(outcomes: Mapping[str, int]) -> tuple[int, int, int]:
    """Returns how many transfers, closures, and orders have come to a good end."""
    booked = outcomes.get("order confirmed", 0) + outcomes.get("order cancelled", 0)
    return outcomes.get("transfer success", 0), outcomes.get("closure success", 0), booked


async def _until(is_so: Callable[[], Awaitable[bool]]) -> None:
    while not await is_so():  # noqa: ASYNC110  # another process decides, no event can tell
        await asyncio.sleep(POLL_SECONDS)


async def _ask(api: Api, origin: int, payable: int, mark: str) -> None:
    body = {"origem_id": origin, "destino_id": payable, "assincrono": True}
    await api.post("/api/v1/attachments/transferir", body, f"{mark}-{payable}")


async def _ask_to_close(api: Api, number: str, invoice: str, invoice_id: int, mark: str) -> None:
    place = {"numero_pedido": number, "numero_nf_servico": invoice, "id_nf_servico": invoice_id}
    await api.post("/api/v1/purchase-orders/encerrar", {**place, "assincrono": True}, f"{mark}-{number}")


def _wrong_files(attachments: Sequence[JSON], expected: Mapping[int, int]) -> list[str]:
    there = [each for each in attachments if each["cTabela"] == "conta-pagar"]
    numbers = Counter(each["nId"] for each in there)
    twice = [
        key for key, number in Counter((each["nId"], each["cNomeArquivo"]) for each in there).items() if number > 1
    ]
    wrong = [f"payable {each} has {numbers[each]} of {files} files" for each, files in expected.items()
             if numbers[each] != files]  # fmt: skip
    return [*wrong, *(f"payable {owner} has {name} more than once" for owner, name in twice)]


def _wrong_orders(records: Sequence[JSON], receipts: Sequence[JSON], orders: Sequence[Order]) -> list[str]:
    situations = {each["nCodPed"]: each["situation"] for each in records}
    received = {each["nIdReceb"] for each in receipts if each["cabec"]["cEtapa"] != "40"}
    expected = {each.id: "encerrado" if each.waits_for_person else "recebido" for each in orders}
    wrong = [f"purchase order {each} is {situations[each]} and not {word}" for each, word in expected.items()
             if situations[each] != word]  # fmt: skip
    booked = [each for each in orders if not each.waits_for_person and each.invoice_id not in received]
    return [*wrong, *(f"receipt {each.invoice_id} is not concluded" for each in booked)]
