"""Several businesses on one bridge: each works in its own account, and in no other."""

import base64
from typing import Any
from uuid import uuid4

import pytest
import simulated
from bridged import BRANCH, BRANCH_KEY, BRANCH_SECRET, WEBHOOK_SECRET, Bridge, token_of
from google.protobuf.struct_pb2 import Struct
from nats.aio.client import Client
from posted import REF, export, send
from simulated import Simulator

from comanda.erp.directives.v1 import directives_pb2
from comanda.erp.v1 import attachments_pb2, orders_pb2, purchase_orders_pb2, status_pb2, webhooks_pb2
from comanda.types.v1.options_pb2 import Role
from kit.errors import Forbidden, NotFound, Refused
from kit.testing import eventually

SECONDS = 100.0


def receipt(omie: Simulator, name: str) -> tuple[int, int]:
    """Imports an invoice with an attachment; returns the ids of receipt and payable."""
    files = [{"name": name, "content_base64": base64.b64encode(b"x").decode()}]
    made = omie.control("receipts", attachments=files)
    return made["nIdReceb"], made["parcels"][0]["nIdTitulo"]


def concluded(origin: int, key: str) -> Struct:
    """The event that a receipt was concluded."""
    payload = Struct()
    event = {"cabecalho": {"nIdReceb": origin}}
    payload.update({"messageId": str(uuid4()), "topic": "RecebimentoProduto.Concluido", "event": event, "appKey": key})
    return payload


async def copied(bridge: Bridge) -> list[int]:
    """The payables of a business that have got attachments."""
    done = await bridge.call(attachments_pb2, "ListAttachmentTransfers", status=["success"])
    return [each.destino_id for each in done.items]


async def test_a_business_without_an_account_is_refused_and_nothing_is_kept(stranger: Bridge, omie: Simulator) -> None:
    closing = {"numero_pedido": "1", "numero_nf_servico": "NF1", "id_nf_servico": 7}
    file = {"tabela": "conta-pagar", "n_id": 1, "nome_arquivo": "a.pdf", "arquivo_base64": "eA=="}
    asked: list[tuple[Any, str, dict[str, Any]]] = [
        (attachments_pb2, "TransferAttachments", {"origem_id": 1, "destino_id": 2}),
        (attachments_pb2, "TransferAttachments", {"origem_id": 1, "destino_id": 2, "assincrono": True}),
        (attachments_pb2, "TriggerTransferByIntegration", {"origem_id": 1}),
        (attachments_pb2, "IncludeAttachment", file),
        (purchase_orders_pb2, "ClosePurchaseOrder", closing),
    ]
    for module, name, fields in asked:
        with pytest.raises(Refused, match="account_of_another"):
            await stranger.call(module, name, **fields)
    assert (await stranger.call(attachments_pb2, "ProcessPendingTransfers")).total_processados == 0
    assert (await stranger.call(purchase_orders_pb2, "ReprocessFailedClosures")).total_reprocessados == 0
    assert not (await stranger.call(attachments_pb2, "ListAttachmentTransfers")).items
    assert not (await stranger.call(purchase_orders_pb2, "ListClosures")).items
    assert omie.stats()["calls"] == {}


async def test_what_others_ask_for_it_fails_and_never_reaches_an_account(
    stranger: Bridge, omie: Simulator, nats: Client
) -> None:
    closing = directives_pb2.ClosePurchaseOrder(numero_pedido="1", numero_nf_servico="NF1", id_nf_servico=7)
    transfer = directives_pb2.TransferAttachments(origem_id=1, destino_id=2)
    for directive in (export(), closing, transfer):
        await send(nats, stranger, directive)

    async def failed() -> bool:
        copying = (await stranger.call(attachments_pb2, "ListAttachmentTransfers", status=["failed"])).items
        cases = (await stranger.call(purchase_orders_pb2, "ListClosures", status=["failed"])).items
        booked = (await stranger.call(orders_pb2, "ListErpOrders", state=["failed"])).items
        told = [each.mensagem_erro for each in (*copying, *cases)]
        assert all("pertence a esta empresa" in each for each in told)
        assert [each.error_code for each in booked] == ["account_of_another"] * len(booked)
        return (len(told), len(booked)) == (2, 1)

    await eventually(failed, SECONDS)
    assert omie.stats()["calls"] == {}
    assert (await stranger.call(orders_pb2, "RetryErpOrder", ref=REF)).order.state == "pending"


async def test_each_business_works_in_its_own_account(
    bridge: Bridge, second: Bridge, omie: Simulator, branch: Simulator
) -> None:
    for whose, simulator in ((bridge, omie), (second, branch)):
        origin, payable = receipt(simulator, "nota.pdf")
        await whose.call(attachments_pb2, "TransferAttachments", origem_id=origin, destino_id=payable)
        assert await copied(whose) == [payable]
        assert simulator.stats()["calls"]["IncluirAnexo"] == 1


async def test_an_event_is_followed_in_the_account_that_it_came_from(
    bridge: Bridge, second: Bridge, omie: Simulator, branch: Simulator
) -> None:
    ours, theirs = receipt(omie, "a.pdf"), receipt(branch, "b.pdf")
    for secret, key, (origin, _) in (
        (WEBHOOK_SECRET, simulated.KEY, ours),
        (BRANCH_SECRET, BRANCH_KEY, theirs),
    ):
        await bridge.call(webhooks_pb2, "ReceiveWebhook", secret=secret, payload=concluded(origin, key))

    async def both() -> bool:
        return (await copied(bridge), await copied(second)) == ([ours[1]], [theirs[1]])

    await eventually(both, SECONDS)
    payload = concluded(1, BRANCH_KEY)
    with pytest.raises(Forbidden):
        await bridge.call(webhooks_pb2, "ReceiveWebhook", secret=WEBHOOK_SECRET, payload=payload)


async def test_an_event_of_an_account_that_is_nobodys_waits_for_its_business(
    stranger: Bridge, branch: Simulator
) -> None:
    origin, payable = receipt(branch, "a.pdf")
    payload = concluded(origin, BRANCH_KEY)
    await stranger.call(webhooks_pb2, "ReceiveWebhook", secret=BRANCH_SECRET, payload=payload)

    async def put_off() -> bool:
        found = await stranger.rows("select from omie_webhooks where state = 'pending' and last_error <> ''")
        return bool(found)

    await eventually(put_off, SECONDS)
    await stranger.bind(BRANCH)
    await stranger.rows("update omie_webhooks set next_at = now()")

    async def there() -> bool:
        return await copied(stranger) == [payable]

    await eventually(there, SECONDS)


async def test_what_an_account_has_used_up_is_seen_and_mended_by_its_business_only(
    bridge: Bridge, second: Bridge, omie: Simulator
) -> None:
    origin, payable = receipt(omie, "nota.pdf")
    await bridge.call(attachments_pb2, "TransferAttachments", origem_id=origin, destino_id=payable)
    seen = [await each.status(token_of(Role.ROLE_MANAGER, each.business)) for each in (bridge, second)]
    assert [each.configured for each in seen] == [True, True]
    assert ["IncluirAnexo" in [method.method for method in each.methods] for each in seen] == [True, False]
    closed = await bridge.call(status_pb2, "CloseBreaker", method="IncluirAnexo")
    assert closed.breaker == "closed"
    with pytest.raises(NotFound):
        await second.call(status_pb2, "CloseBreaker", method="IncluirAnexo")


async def test_account_and_business_are_bound_once(bridge: Bridge, stranger: Bridge) -> None:
    assert not await stranger.bind()
    assert not await bridge.bind(BRANCH)
    with pytest.raises(NotFound):
        await stranger.bind("none of that name")
    told = await stranger.status(token_of(Role.ROLE_MANAGER, stranger.business))
    assert (told.configured, list(told.methods)) == (False, [])


async def test_a_number_of_one_account_means_nothing_in_another(
    bridge: Bridge, second: Bridge, omie: Simulator, branch: Simulator
) -> None:
    made = omie.control("purchase-orders")
    place = {"numero_pedido": made["cNumero"], "numero_nf_servico": "1", "id_nf_servico": 7}
    asked = await second.call(purchase_orders_pb2, "ClosePurchaseOrder", **place)
    assert asked.status == "failed"
    assert branch.stats()["calls"]
    assert "ConsultarPedCompra" not in omie.stats()["calls"]
