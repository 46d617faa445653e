"""Webhooks through the running bridge, against the simulator."""

import asyncio
import base64
from typing import Any
from uuid import UUID, uuid4

import pytest
import simulated
from bridged import WEBHOOK_SECRET, Bridge
from google.protobuf.struct_pb2 import Struct
from simulated import Simulator

from comanda.erp.v1 import attachments_pb2, purchase_orders_pb2
from comanda.erp.v1 import webhooks_pb2 as pb
from kit.errors import Forbidden, NotFound
from kit.testing import eventually


def message(topic: str, event: Any, **more: Any) -> Struct:
    """An event in Omie's envelope."""
    payload = Struct()
    payload.update({"messageId": str(uuid4()), "topic": topic, "event": event, "appKey": simulated.KEY, **more})
    return payload


async def tell(bridge: Bridge, payload: Struct, secret: str = WEBHOOK_SECRET) -> None:
    """Posts an event as Omie does."""
    assert (await bridge.call(pb, "ReceiveWebhook", secret=secret, payload=payload)).accepted


async def states(bridge: Bridge) -> list[str]:
    """What became of the business's events, newest first."""
    return [each.state for each in (await bridge.call(pb, "ListWebhooks")).items]


async def settled(bridge: Bridge, *expected: str) -> None:
    """Waits until the events have come to these states."""

    async def is_so() -> bool:
        return await states(bridge) == list(expected)

    await eventually(is_so)


def receipt(omie: Simulator, **more: Any) -> tuple[int, list[int]]:
    """Imports an invoice with an attachment."""
    files = [{"name": "a.pdf", "content_base64": base64.b64encode(b"x").decode()}]
    made = omie.control("receipts", attachments=files, **more)
    return made["nIdReceb"], [each["nIdTitulo"] for each in made["parcels"]]


async def copied(bridge: Bridge) -> list[int]:
    """The payables that have got attachments."""
    done = await bridge.call(attachments_pb2, "ListAttachmentTransfers", status=["success"])
    return sorted(each.destino_id for each in done.items)


async def test_a_concluded_receipt_starts_the_transfers_of_all_its_payables(bridge: Bridge, omie: Simulator) -> None:
    origin, payables = receipt(omie, parcels=2)
    told = message("RecebimentoProduto.Concluido", {"cabecalho": {"nIdReceb": origin, "cNumeroNF": "1"}})
    for _ in range(3):
        await tell(bridge, told)

    async def all_there() -> bool:
        return await copied(bridge) == payables

    await eventually(all_there)
    assert await states(bridge) == ["done"]
    assert omie.stats()["calls"]["IncluirAnexo"] == 2


async def test_a_payable_that_was_made_leads_to_its_receipt(bridge: Bridge, omie: Simulator) -> None:
    _, [payable] = receipt(omie)
    await tell(
        bridge, message("Financas.ContaPagar.Incluido", {"codigo_lancamento_omie": payable, "situacao": "A VENCER"})
    )

    async def there() -> bool:
        return await copied(bridge) == [payable]

    await eventually(there)
    unrelated = omie.control("payables")["codigo_lancamento_omie"]
    await tell(bridge, message("Financas.ContaPagar.Incluido", {"codigo_lancamento_omie": unrelated}))
    await settled(bridge, "ignored", "done")


async def test_a_closed_order_ends_its_case(bridge: Bridge, omie: Simulator) -> None:
    made = omie.control("purchase-orders")
    place = {"numero_pedido": made["cNumero"], "numero_nf_servico": "1", "id_nf_servico": 7}
    asked = await bridge.call(purchase_orders_pb2, "ClosePurchaseOrder", **place)
    omie.control(f"purchase-orders/{made['nCodPed']}/close", reason="NF 1")
    await tell(bridge, message("CompraProduto.Encerrada", {"cabecalho": {"nCodPed": made["nCodPed"], "cNúmero": "1"}}))

    async def ended() -> bool:
        found = await bridge.call(purchase_orders_pb2, "GetClosure", id=asked.log_id)
        return found.closure.status == "success"

    await eventually(ended)


async def test_a_ping_is_answered_and_not_kept(bridge: Bridge) -> None:
    ping = Struct()
    ping.update({"ping": "omie"})
    await tell(bridge, ping)
    assert await states(bridge) == []


async def test_who_does_not_know_the_secret_or_the_account_is_turned_away(bridge: Bridge) -> None:
    told = message("VendaProduto.Faturada", {})
    with pytest.raises(NotFound):
        await tell(bridge, told, secret="a guess")
    for stranger in ("another", 4711, None):
        with pytest.raises(Forbidden):
            await tell(bridge, message("VendaProduto.Faturada", {}, appKey=stranger))
    assert await states(bridge) == []
    assert WEBHOOK_SECRET not in await asyncio.to_thread(bridge.log.read_text)


async def test_a_poison_event_blocks_nobody_and_can_be_followed_again(bridge: Bridge, omie: Simulator) -> None:
    origin, payables = receipt(omie)
    await tell(bridge, message("Financas.ContaPagar.Incluido", {"codigo_lancamento_omie": 4711}))
    await tell(bridge, message("Financas.ContaPagar.Incluido", "senseless"))
    await tell(bridge, message("RecebimentoProduto.Concluido", {"cabecalho": {"nIdReceb": origin}}))

    async def there() -> bool:
        return await copied(bridge) == payables

    await eventually(there)
    assert (await states(bridge))[:2] == ["done", "ignored"]
    await settled(bridge, "done", "ignored", "failed")
    [poison] = (await bridge.call(pb, "ListWebhooks", state=["failed"])).items
    assert "não cadastrado" in poison.last_error
    again = (await bridge.call(pb, "RetryWebhook", message_id=poison.message_id)).webhook
    assert (again.state, again.attempts) == ("pending", 0)
    with pytest.raises(NotFound):
        await bridge.call(pb, "RetryWebhook", business=UUID(int=7), message_id=poison.message_id)
