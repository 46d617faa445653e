"""Work that other services ask the bridge for, by directives over NATS."""

import base64

from bridged import Bridge
from nats.aio.client import Client
from posted import send
from simulated import Simulator

from comanda.erp.directives.v1 import directives_pb2
from comanda.erp.v1 import attachments_pb2, purchase_orders_pb2
from kit.testing import eventually


async def test_a_directive_copies_attachments_once(bridge: Bridge, omie: Simulator, nats: Client) -> None:
    text = base64.b64encode(b"x").decode()
    made = omie.control("receipts", attachments=[{"name": "a.pdf", "content_base64": text}])
    payable = made["parcels"][0]["nIdTitulo"]
    await send(
        nats, bridge, directives_pb2.TransferAttachments(origem_id=made["nIdReceb"], destino_id=payable, numero_nf="7")
    )

    async def done() -> bool:
        found = await bridge.call(attachments_pb2, "ListAttachmentTransfers", status=["success"], numero_nf="7")
        return [each.anexos_sucesso for each in found.items] == [1]

    await eventually(done)
    assert omie.stats()["calls"]["IncluirAnexo"] == 1


async def test_a_directive_opens_the_case_of_a_closure(bridge: Bridge, omie: Simulator, nats: Client) -> None:
    number = omie.control("purchase-orders")["cNumero"]
    await send(
        nats,
        bridge,
        directives_pb2.ClosePurchaseOrder(numero_pedido=number, numero_nf_servico="NF1", id_nf_servico=77),
    )

    async def waits() -> bool:
        return len((await bridge.call(purchase_orders_pb2, "ListClosures", aguarda_pessoa=True)).items) == 1

    await eventually(waits)
