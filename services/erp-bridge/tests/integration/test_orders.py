"""Orders of ours as sales orders of the ERP: booked once, followed, and told of what happens to them there."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import simulated
from bridged import WEBHOOK_SECRET, Bridge
from google.protobuf.struct_pb2 import Struct, Value
from nats.aio.client import Client
from nats.aio.subscription import Subscription
from posted import REF, export, send, status, tell
from simulated import Simulator

from comanda.erp.events.v1 import events_pb2
from comanda.erp.v1 import mappings_pb2, orders_pb2, webhooks_pb2
from comanda.orders.events.v1 import events_pb2 as order_events
from comanda.sales.events.v1 import sales_pb2 as sale_events
from comanda.types.v1 import messaging_pb2
from kit.errors import Invalid, NotFound
from kit.testing import eventually

ACCOUNT = "90000003801"
SECONDS = 100.0


def product(omie: Simulator, sku: str) -> int:
    """Adds a product, and returns its id."""
    fields = {
        "codigo_produto_integracao": f"i-{sku}",
        "codigo": sku,
        "descricao": sku,
        "unidade": "UN",
        "ncm": "0901.21.00",
    }
    made = omie.call("geral/produtos", "IncluirProduto", **fields, valor_unitario=5)
    return int(made["codigo_produto"])


async def set_mapping(bridge: Bridge, kind: str, key: str, value: str) -> None:
    """Sets a mapping."""
    await bridge.call(mappings_pb2, "SetMapping", kind=kind, key=key, value=Value(string_value=value))


async def record(bridge: Bridge, ref: str = REF) -> orders_pb2.ErpOrder:
    """How an order stands."""
    found: orders_pb2.ErpOrder = (await bridge.call(orders_pb2, "GetErpOrder", ref=ref)).order
    return found


async def until(bridge: Bridge, state: str, ref: str = REF) -> orders_pb2.ErpOrder:
    """Waits until an order stands so."""

    async def stands() -> orders_pb2.ErpOrder | None:
        try:
            found = await record(bridge, ref)
        except NotFound:
            return None
        return found if found.state == state else None

    found = await eventually(stands, SECONDS)
    assert isinstance(found, orders_pb2.ErpOrder)
    return found


@pytest.fixture
async def shop(bridge: Bridge, omie: Simulator) -> Bridge:
    """The bridge of a business whose products and channel `web` the ERP knows."""
    for sku in ("CAFE", "PAO"):
        product(omie, sku)
    await set_mapping(bridge, "category", "web", "1.01.03")
    await set_mapping(bridge, "account", "*", ACCOUNT)
    return bridge


@pytest.fixture
async def heard(bridge: Bridge, nats: Client) -> AsyncIterator[Subscription]:
    """What the bridge tells others of the orders of its business."""
    prefix = bridge.environment["COMANDA_STREAM_PREFIX"]
    subscription = await nats.subscribe(f"{prefix}.events.comanda.erp.events.v1.*.{bridge.business}")
    await nats.flush()
    yield subscription
    await subscription.unsubscribe()


async def next_of(heard: Subscription, kind: Any) -> Any:
    """Returns the next event, which must be of a kind."""
    envelope = messaging_pb2.Envelope.FromString((await heard.next_msg(timeout=SECONDS)).data)
    assert envelope.type == kind.DESCRIPTOR.full_name
    return kind.FromString(envelope.payload)


async def test_an_order_is_booked_once_with_its_customer_and_lines(
    shop: Bridge, omie: Simulator, nats: Client, heard: Subscription
) -> None:
    charges = {"discount_q": 100, "shipping_q": 300, "tax_q": 50, "total_q": 1500}
    await send(nats, shop, export(**charges, external_ref="M-77"))
    await send(nats, shop, export(**charges, external_ref="M-77"))
    found = await until(shop, "confirmed")
    [booked] = omie.records("sales_orders")
    header, more = booked["cabecalho"], booked["informacoes_adicionais"]
    assert (header["codigo_pedido_integracao"], header["etapa"], header["codigo_parcela"]) == (REF, "10", "000")
    assert (more["codigo_categoria"], str(more["codigo_conta_corrente"])) == ("1.01.03", ACCOUNT)
    assert more["numero_pedido_cliente"] == "M-77"
    products = [each["produto"] for each in booked["det"]]
    lines = [(each["codigo"], each["quantidade"], each["valor_unitario"]) for each in products]
    assert lines == [("CAFE", 2, 5), ("PAO", 0.5, 5)]
    assert [each["valor_desconto"] for each in products] == [0.8, 0.2]
    shown = omie.call("produtos/pedido", "ConsultarPedido", codigo_pedido=found.external_id)["pedido_venda_produto"]
    assert shown["total_pedido"]["valor_total_pedido"] == 15.0
    [customer] = omie.records("customers")
    assert (customer["razao_social"], customer["cnpj_cpf"], customer["estado"]) == ("Ana Souza", "52998224725", "SP")
    assert header["codigo_cliente"] == customer["codigo_cliente_omie"] == found.external_customer_id
    told = await next_of(heard, events_pb2.OrderBooked)
    assert (told.order_ref, told.external_id, told.external_number) == (REF, found.external_id, found.external_number)
    assert [(each.kind, each.state, each.attempts) for each in found.effects] == [
        ("customer.upsert", "confirmed", 1),
        ("order.include", "confirmed", 1),
    ]
    assert omie.stats()["calls"]["IncluirPedido"] == 1
    kept = await shop.rows(
        "select o.content::text from erp_orders o where business_id = $1"
        " union all select e::text from effects e where business_id = $1",
        shop.business,
    )
    assert [[word in row[0] for word in ("Ana", "Santos", "Café")] for row in kept] == [
        [False, False, True],
        [False] * 3,
        [False] * 3,
    ]


async def test_an_order_waits_for_its_mappings_and_goes_on_once_they_are_there(
    bridge: Bridge, omie: Simulator, nats: Client
) -> None:
    product(omie, "CAFE")
    bread = product(omie, "7891000")
    await send(nats, bridge, export(data={}))
    found = await until(bridge, "needs_mapping")
    lacking = {(each.kind, each.key) for each in found.missing}
    assert lacking == {("category", "web"), ("account", "web"), ("customer", "web"), ("product", "PAO")}
    assert (found.error_code, bool(found.message), list(found.effects)) == ("mapping_missing", True, [])
    buyer = omie.call(
        "geral/clientes", "IncluirCliente", codigo_cliente_integracao="balcao", razao_social="Balcão", estado="SP"
    )
    channel = Struct()
    channel.update(
        {"category": "1.01.03", "account": ACCOUNT, "customer": str(buyer["codigo_cliente_omie"]), "stage": "20"}
    )
    await bridge.call(mappings_pb2, "SetMapping", kind="channel", key="web", value=Value(struct_value=channel))
    await until(bridge, "needs_mapping")
    # The last one comes while somebody is at the order who does not see it.
    going_on = "state = 'processing', run = gen_random_uuid(), lease_until = now() + interval '1 hour'"
    await bridge.rows(f"update erp_orders set {going_on} where business_id = $1", bridge.business)
    await set_mapping(bridge, "product", "PAO", str(bread))
    [row] = await bridge.rows("select changed from erp_orders where business_id = $1", bridge.business)
    assert row["changed"]
    await bridge.rows("update erp_orders set lease_until = now() where business_id = $1", bridge.business)
    found = await until(bridge, "confirmed")
    assert (found.stage, found.external_customer_id) == ("20", buyer["codigo_cliente_omie"])
    assert [each["produto"]["codigo_produto"] for each in omie.records("sales_orders")[0]["det"]][1] == bread


async def test_a_mapping_that_makes_no_sense_is_refused(bridge: Bridge) -> None:
    for kind, value in (
        ("category", "vendas"),
        ("account", "0"),
        ("stage", "1"),
        ("customer", "Ana"),
        ("product", " "),
        ("channel", "x"),
    ):
        with pytest.raises(Invalid, match="invalid_mapping"):
            await set_mapping(bridge, kind, "web", value)
    assert not (await bridge.call(mappings_pb2, "ListMappings")).items
    with pytest.raises(NotFound):
        await bridge.call(mappings_pb2, "RemoveMapping", kind="category", key="web")


async def test_stages_and_cancellation_follow_the_order(
    shop: Bridge, omie: Simulator, nats: Client, heard: Subscription
) -> None:
    await send(nats, shop, export())
    await until(shop, "confirmed")
    await next_of(heard, events_pb2.OrderBooked)
    # The later one first: the earlier one changes nothing any more.
    await tell(nats, shop, status("ready", 4))
    await tell(nats, shop, status("processing", 3))

    async def at_stage() -> bool:
        return (await record(shop)).stage == "50"

    await eventually(at_stage, SECONDS)
    await tell(nats, shop, status("cancelled", 5))
    found = await until(shop, "cancelled")
    assert found.is_cancelled
    [booked] = omie.records("sales_orders")
    assert (booked["cancelado"], booked["cabecalho"]["etapa"]) == ("S", "50")
    told = await next_of(heard, events_pb2.OrderCancelledInErp)
    assert (told.external_id, told.by_person) == (found.external_id, False)
    calls = omie.stats()["calls"]
    assert (calls["TrocarEtapaPedido"], calls["CancelarPedidoVenda"]) == (1, 1)


async def test_an_order_that_was_cancelled_before_anybody_asked_to_book_it_is_never_booked(
    shop: Bridge, omie: Simulator, nats: Client
) -> None:
    await tell(nats, shop, status("cancelled", 2))

    async def known() -> bool:
        return bool(await shop.rows("select 1 from erp_orders where business_id = $1", shop.business))

    await eventually(known, SECONDS)
    with pytest.raises(NotFound):
        await record(shop)
    await send(nats, shop, export())
    assert not (await until(shop, "cancelled")).external_id
    assert not omie.records("sales_orders")


async def test_an_invoice_comes_back_by_webhook_or_by_looking(
    shop: Bridge, omie: Simulator, nats: Client, heard: Subscription
) -> None:
    await send(nats, shop, export())
    found = await until(shop, "confirmed")
    await next_of(heard, events_pb2.OrderBooked)
    omie.call("produtos/pedidovendafat", "FaturarPedidoVenda", nCodPed=found.external_id)
    payload = Struct()
    event = {"nfe_chave": "3526", "id_pedido": found.external_id}
    payload.update({"messageId": "m-1", "topic": "NFe.NotaAutorizada", "event": event, "appKey": simulated.KEY})
    for _ in range(2):
        await shop.call(webhooks_pb2, "ReceiveWebhook", secret=WEBHOOK_SECRET, payload=payload)
    told = await next_of(heard, events_pb2.OrderInvoiced)
    [booked] = omie.records("sales_orders")
    assert told.access_key == booked["notes"][0]["chave_nfe"]
    found = await record(shop)
    assert [each.number for each in found.invoices] == [told.number]
    # Once it is invoiced, its cancellation is a person's business.
    await tell(nats, shop, status("cancelled", 2))
    assert (await until(shop, "needs_person")).error_code == "invoiced_in_erp"
    second = f"{REF}2"
    await send(nats, shop, export(second))
    found = await until(shop, "confirmed", second)
    await next_of(heard, events_pb2.OrderBooked)
    omie.call("produtos/pedidovendafat", "FaturarPedidoVenda", nCodPed=found.external_id)
    told = await next_of(heard, events_pb2.OrderInvoiced)
    assert (told.order_ref, (await record(shop, second)).stage) == (second, "60")


async def test_an_order_that_a_person_cancels_in_the_erp_is_shown_to_differ(
    shop: Bridge, omie: Simulator, nats: Client, heard: Subscription
) -> None:
    await send(nats, shop, export())
    found = await until(shop, "confirmed")
    await next_of(heard, events_pb2.OrderBooked)
    omie.call("produtos/pedidovendafat", "CancelarPedidoVenda", nCodPed=found.external_id)
    assert (await next_of(heard, events_pb2.OrderCancelledInErp)).by_person
    assert (await until(shop, "needs_person")).error_code == "cancelled_in_erp"
    await tell(nats, shop, status("cancelled", 2))
    await until(shop, "cancelled")
    assert omie.stats()["calls"]["CancelarPedidoVenda"] == 1


async def test_an_order_whose_answer_got_lost_is_found_and_not_booked_twice(
    shop: Bridge, omie: Simulator, nats: Client
) -> None:
    omie.control("faults", call="IncluirPedido", kind="timeout_after_commit", times=1, seconds=0)
    omie.control("faults", call="UpsertCliente", kind="timeout_after_commit", times=1, seconds=0)
    omie.control("faults", call="CancelarPedidoVenda", kind="timeout_after_commit", times=1, seconds=0)
    await send(nats, shop, export())
    found = await until(shop, "confirmed")
    assert {each.state for each in found.effects} == {"confirmed"}
    await tell(nats, shop, status("cancelled", 2))
    await until(shop, "cancelled")
    calls = omie.stats()["calls"]
    assert (calls["IncluirPedido"], calls["CancelarPedidoVenda"], len(omie.records("sales_orders"))) == (1, 1, 1)


async def test_what_the_erp_refuses_fails_visibly_and_can_be_taken_up_again(
    shop: Bridge, omie: Simulator, nats: Client
) -> None:
    await set_mapping(shop, "account", "web", "1")
    await send(nats, shop, export())
    found = await until(shop, "failed")
    assert (found.error_code, "conta corrente" in found.message) == ("omie_refused", True)
    await set_mapping(shop, "account", "web", ACCOUNT)
    listed = await shop.call(orders_pb2, "ListErpOrders", state=["failed"], channel_code=["web"], include_total=True)
    assert ([each.ref for each in listed.items], listed.total) == ([REF], 1)
    assert (await shop.call(orders_pb2, "ReprocessErpOrders")).reprocessed == 1
    await until(shop, "confirmed")
    with pytest.raises(NotFound):
        await shop.call(orders_pb2, "RetryErpOrder", ref="ORD-0")


async def test_an_order_goes_on_once_the_erp_has_its_product(shop: Bridge, omie: Simulator, nats: Client) -> None:
    item = {"line_id": "L-1", "sku": "BOLO", "name": "Bolo", "qty": "1", "unit_price_q": 1250, "line_total_q": 1250}
    await send(nats, shop, export(items=[item]))
    assert [each.key for each in (await until(shop, "needs_mapping")).missing] == ["BOLO"]
    payload = Struct()
    made = {"codigo_produto": product(omie, "BOLO")}
    payload.update({"messageId": "m-2", "topic": "Produto.Incluido", "event": made, "appKey": simulated.KEY})
    await shop.call(webhooks_pb2, "ReceiveWebhook", secret=WEBHOOK_SECRET, payload=payload)
    await until(shop, "confirmed")


async def test_data_that_change_before_the_booking_are_booked(shop: Bridge, omie: Simulator, nats: Client) -> None:
    await send(nats, shop, export(data={"customer": {"name": "Ana", "cpf": "52998224725"}}))
    found = await until(shop, "needs_mapping")
    assert [(each.kind, each.key) for each in found.missing] == [("customer", "52998224725")]
    event = order_events.OrderEventRecorded(ref=REF, channel_code="web", type="data_updated", seq=2)
    event.payload.update({"patch": {"delivery": {"address": {"uf": "RJ"}}}})
    await tell(nats, shop, event)
    await until(shop, "confirmed")
    assert omie.records("customers")[0]["estado"] == "RJ"


def completed(storefront: str, receipt: str) -> sale_events.SaleCompleted:
    """A sale of two coffees, one real off, and of one bread with tax; 50 cents off the whole: 14.00."""
    items = [
        {"item_id": "1", "sku": "CAFE", "quantity": "2", "unit_price_q": 500, "gross_q": 1000, "discount_q": 100},
        {"item_id": "2", "sku": "PAO", "quantity": "1", "unit_price_q": 500, "gross_q": 500, "tax_q": 50},
    ]
    return sale_events.SaleCompleted(
        sale_id="s", receipt_number=receipt, storefront=storefront, business_date="2026-11-20", status="completed",
        currency="BRL", total_q=1400, items=items, discount_q=50,
    )  # fmt: skip


async def test_a_sale_at_the_counter_is_booked_where_its_storefront_is(
    shop: Bridge, omie: Simulator, nats: Client
) -> None:
    buyer = omie.call(
        "geral/clientes", "IncluirCliente", codigo_cliente_integracao="b", razao_social="Balcão", estado="SP"
    )
    place = Struct()
    place.update({"category": "1.01.04", "customer": str(buyer["codigo_cliente_omie"])})
    await shop.call(mappings_pb2, "SetMapping", kind="channel", key="centro", value=Value(struct_value=place))
    await tell(nats, shop, completed("bairro", "bairro-1"))
    await tell(nats, shop, completed("centro", "centro-1"))
    found = await until(shop, "confirmed", "centro-1")
    [booked] = omie.records("sales_orders")
    shown = omie.call("produtos/pedido", "ConsultarPedido", codigo_pedido=found.external_id)["pedido_venda_produto"]
    assert shown["total_pedido"]["valor_total_pedido"] == 14.0
    assert (booked["cabecalho"]["data_previsao"], found.stage) == ("20/11/2026", "50")
    assert sum(each["produto"]["valor_desconto"] for each in booked["det"]) == 1.5
    await tell(
        nats, shop, sale_events.SaleCancelled(receipt_number="draft", storefront="centro", previous_status="draft")
    )
    cancelled = sale_events.SaleCancelled(receipt_number="centro-1", storefront="centro", previous_status="completed")
    await tell(nats, shop, cancelled)
    assert (await until(shop, "cancelled", "centro-1")).is_cancelled
    rows = await shop.rows("select ref from erp_orders where business_id = $1", shop.business)
    assert [row["ref"] for row in rows] == ["centro-1"]
