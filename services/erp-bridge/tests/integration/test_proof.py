"""The proof: each effect on the ERP exactly once, while answers get lost and the bridge is killed.

The numbers are small for the suite. At full size, with a seed of one's own:

    ERP_PROOF_TRANSFERS=500 ERP_PROOF_CLOSURES=200 ERP_PROOF_KILLS=10 ERP_PROOF_SEED=7 \
        .venv/bin/pytest services/erp-bridge/tests/integration/test_proof.py -s --timeout 3600
"""

import asyncio
import base64
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bridged
import pytest
import simulated
from bridged import WEBHOOK_SECRET, Bridge
from google.protobuf.struct_pb2 import Struct
from simulated import Simulator

import erp_bridge
from comanda.erp.v1 import attachments_pb2, purchase_orders_pb2, webhooks_pb2
from kit.errors import DomainError
from kit.testing import eventually

TRANSFERS = int(os.environ.get("ERP_PROOF_TRANSFERS", "12"))
CLOSURES = int(os.environ.get("ERP_PROOF_CLOSURES", "8"))
KILLS = int(os.environ.get("ERP_PROOF_KILLS", "2"))
LOST = 0.3
"""Which part of the answers gets lost after the act."""
FILES = 2
SECONDS = 60 + 4 * (TRANSFERS + CLOSURES) + 30 * KILLS


@pytest.mark.timeout(SECONDS + 120)
async def test_every_effect_happens_exactly_once(
    new_database: Callable[[ModuleType], str], nats_url: str, stream_prefix: str, tmp_path: Path
) -> None:
    seed = int(os.environ.get("ERP_PROOF_SEED") or random.randrange(10**6))
    print(f"seed {seed}: {TRANSFERS} transfers, {CLOSURES} closures, {KILLS} kills, {LOST:.0%} of the answers lost")
    chance = random.Random(seed)
    with simulated.running(tmp_path / "omie") as omie:
        environment = {
            "COMANDA_DATABASE_URL": new_database(erp_bridge),
            "COMANDA_NATS_URL": nats_url,
            "COMANDA_STREAM_PREFIX": stream_prefix,
            **bridged.account(omie),
        }
        with bridged.running(environment, tmp_path) as running:
            async with bridged.visited(running) as bridge:
                await prove(bridge, omie, chance, seed)


async def prove(bridge: Bridge, omie: Simulator, chance: random.Random, seed: int) -> None:
    """Asks for everything, kills the bridge on the way, and looks at what the ERP has in the end."""
    pairs = [receipt(omie, number) for number in range(TRANSFERS)]
    orders = [omie.control("purchase-orders") for _ in range(CLOSURES)]
    await bridge.call(webhooks_pb2, "BindAccount")
    omie.control("faults", call="*", kind="timeout_after_commit", probability=LOST, seed=seed, seconds=0)
    killer = asyncio.create_task(kill(bridge, chance))
    await asyncio.gather(
        *(insisted(bridge, attachments_pb2, "TransferAttachments", assincrono=True, origem_id=origin, destino_id=payable,
                   request_id=f"transfer-{payable}")
          for origin, payable in pairs),
        *(insisted(bridge, purchase_orders_pb2, "ClosePurchaseOrder", assincrono=True, numero_pedido=order["cNumero"],
                   numero_nf_servico="NF1", id_nf_servico=77, request_id=f"closure-{order['nCodPed']}") for order in orders),
    )  # fmt: skip
    for order in chance.sample(orders, len(orders)):
        omie.control(f"purchase-orders/{order['nCodPed']}/close", reason="NF1")
        for _ in range(2):
            await insisted(
                bridge, webhooks_pb2, "ReceiveWebhook", secret=WEBHOOK_SECRET, payload=closed(order["nCodPed"])
            )
    await killer
    try:
        await eventually(lambda: all_done(bridge), SECONDS, 1.0)
    finally:
        rows = await bridge.rows(
            "select mensagem_erro, tentativas from purchase_order_closures where status <> 'success'"
        )
        print(await outcomes(bridge), rows, omie.stats()["errors"])
    await check(bridge, omie, {payable for _, payable in pairs})


def receipt(omie: Simulator, number: int) -> tuple[int, int]:
    """Imports an invoice with files; returns the ids of receipt and payable."""
    files = [
        {
            "name": f"nota-{number}-{at}.xml",
            "content_base64": base64.b64encode(f"<nfe>{number}</nfe>".encode() * 50).decode(),
        }
        for at in range(FILES)
    ]
    made = omie.control("receipts", attachments=files)
    return made["nIdReceb"], made["parcels"][0]["nIdTitulo"]


def closed(order: int) -> Struct:
    """The event that an order was closed, which comes twice with the same id."""
    payload = Struct()
    event = {"cabecalho": {"nCodPed": order}}
    payload.update(
        {"messageId": f"m-{order}", "topic": "CompraProduto.Encerrada", "event": event, "appKey": simulated.KEY}
    )
    return payload


async def insisted(bridge: Bridge, module: Any, name: str, **fields: Any) -> None:
    """Calls until the bridge is there to answer; who brings a key may repeat his call whatever became of it."""

    async def answered() -> bool:
        try:
            await bridge.call(module, name, **fields)
        except DomainError:
            return False
        return True

    await eventually(answered, 60, 0.2)


async def kill(bridge: Bridge, chance: random.Random) -> None:
    """Kills the bridge at random moments: each when some more of its effects are noted than at the last."""
    for number in range(KILLS):
        target = (number + chance.random()) * TRANSFERS * FILES / (KILLS + 1)

        async def so_far(target: float = target) -> bool:
            [row] = await bridge.rows("select count(*) n from effects")
            return bool(row["n"] > target)

        await eventually(so_far, SECONDS, 0.01)
        await bridge.kill_and_start_again()


async def all_done(bridge: Bridge) -> bool:
    """Tells whether everything has succeeded; what failed of passing causes is tried again, as the sweep does after minutes."""
    await insisted(bridge, attachments_pb2, "ProcessPendingTransfers")
    await insisted(bridge, purchase_orders_pb2, "ReprocessFailedClosures")
    found = await outcomes(bridge)
    return found == {"transfer success": TRANSFERS, "closure success": CLOSURES}


async def outcomes(bridge: Bridge) -> dict[str, int]:
    """Counts the logs by what became of them."""
    rows = await bridge.rows(
        """select 'transfer ' || status as outcome, count(*) n from attachment_transfers group by 1
        union all select 'closure ' || status, count(*) from purchase_order_closures group by 1"""
    )
    return {row["outcome"]: row["n"] for row in rows}


async def check(bridge: Bridge, omie: Simulator, payables: set[int]) -> None:
    """Compares the ledger with what the ERP has."""
    there = [each for each in omie.records("attachments") if each["cTabela"] == "conta-pagar"]
    assert set(Counter((each["nId"], each["cNomeArquivo"]) for each in there).values()) == {1}
    assert Counter(each["nId"] for each in there) == dict.fromkeys(payables, FILES)
    effects = await bridge.rows("select kind, code, state from effects where kind = 'attachment.include'")
    assert {each["state"] for each in effects} == {"confirmed"}
    assert {each["code"] for each in effects} == {each["cCodIntAnexo"] for each in there}
    assert {order["situation"] for order in omie.records("purchase_orders")} == {"encerrado"}
    stats = omie.stats()
    print({name: stats[name] for name in ("calls", "errors", "blocks", "duplicates", "struck")})
    assert (stats["blocks"], stats["duplicates"]) == (0, 0)
    assert stats["struck"]["timeout_after_commit"] > 0
