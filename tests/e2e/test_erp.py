"""The ERP's side of a whole fleet, over HTTP as clients of the predecessor and the simulator itself use it."""

import asyncio
import base64
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import asyncpg
import httpx
import pytest

from comanda_cli.testing import Fleet
from kit.testing import eventually

pytestmark = pytest.mark.xdist_group("fleet")


class Erp:
    """The public API and the simulator of a fleet."""

    def __init__(self, fleet: Fleet) -> None:
        credentials = fleet.home.credentials()
        headers = {"authorization": f"Bearer {credentials['api_key']}"}
        self.api = httpx.Client(base_url=credentials["base_url"], headers=headers, timeout=30)
        self.simulator = httpx.Client(base_url=credentials["omie_simulator"], timeout=30)
        self.account = (credentials["omie_app_key"], credentials["omie_app_secret"])
        self.hook = f"{credentials['base_url']}/api/v1/erp/webhooks/{credentials['omie_webhook_secret']}"

    def control(self, path: str, **given: Any) -> Any:
        """Does what a person does at the ERP's screen."""
        answer = self.simulator.post(f"/_control/{path}", json=given)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def call(self, service: str, method: str, **param: Any) -> Any:
        """Calls a method of the ERP's own API, which must work."""
        key, secret = self.account
        body = {"call": method, "app_key": key, "app_secret": secret, "param": [param]}
        answer = self.simulator.post(f"/api/v1/{service}/", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def receipt(self, *names: str) -> tuple[int, int]:
        """Imports an invoice with attachments; returns the ids of receipt and payable."""
        text = base64.b64encode(b"x").decode()
        made = self.control("receipts", attachments=[{"name": name, "content_base64": text} for name in names])
        return made["nIdReceb"], made["parcels"][0]["nIdTitulo"]


@pytest.fixture
def erp(fleet: Fleet) -> Iterator[Erp]:
    """The ERP's side of the fleet of the run."""
    made = Erp(fleet)
    yield made
    made.api.close()
    made.simulator.close()


def test_the_documented_endpoints_take_the_documented_bodies(erp: Erp) -> None:
    origin, payable = erp.receipt("a.pdf", "b.pdf")
    done = erp.api.post("/api/attachments/transferir/", json={"origem_id": origin, "destino_id": payable})
    assert (done.status_code, done.json()["status"], done.json()["anexos_transferidos"]) == (200, "success", 2)
    later = erp.api.post(
        "/api/attachments/transferir/", json={"origem_id": origin, "destino_id": payable, "assincrono": True}
    )
    assert (later.status_code, later.json()["mensagem"]) == (202, "Transferência iniciada de forma assíncrona")
    pending = erp.api.post("/api/attachments/processar_pendentes/")
    assert set(pending.json()) >= {"total_processados", "sucessos", "falhas"}
    order = erp.control("purchase-orders")
    body = {"numero_pedido": order["cNumero"], "numero_nf_servico": "NF1", "id_nf_servico": 77}
    closing = erp.api.post("/api/purchase-orders/encerrar/", json=body)
    assert (closing.status_code, closing.json()["status"]) == (200, "processing")
    assert closing.json()["numero_pedido"] == order["cNumero"]
    assert "escolha Encerrar" in closing.json()["mensagem_erro"]
    english = erp.api.post("/api/purchase-orders/encerrar/", json=body, headers={"accept-language": "en"})
    assert english.json()["mensagem_erro"].startswith("Omie's API closes no purchase orders.")
    bad = erp.api.post("/api/purchase-orders/encerrar/", json={})
    assert (bad.status_code, bad.json()["erro"]) == (
        400, "Campos obrigatórios: numero_pedido, numero_nf_servico, id_nf_servico"
    )  # fmt: skip
    assert erp.api.get("/api/purchase-orders/closure").json() == erp.api.get("/api/v1/purchase-orders").json()


async def test_the_erps_webhooks_copy_attachments_by_themselves(erp: Erp, fleet: Fleet) -> None:
    erp.control("webhooks", url=erp.hook, topics=["RecebimentoProduto.Concluido"])
    origin, payable = erp.receipt("nota.pdf")

    async def copied() -> bool:
        query = {"origem_id": origin, "status": "success"}
        found = (await asyncio.to_thread(erp.api.get, "/api/v1/attachments/transfers", params=query)).json()["items"]
        return [each["destino_id"] for each in found] == [payable]

    await eventually(copied)
    secret = erp.hook.rpartition("/")[2]
    assert not [log.name for log in fleet.home.logs.iterdir() if secret in log.read_text(errors="replace")]
    wrong = await asyncio.to_thread(erp.simulator.post, erp.hook + "x", json={"ping": "omie"})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "not_found")


async def test_the_secrets_of_the_account_are_in_no_log_metric_message_or_row(erp: Erp, fleet: Fleet) -> None:
    origin, payable = erp.receipt("segredo.pdf")
    # One call goes wrong, so that there is an error to be told of.
    erp.control("faults", call="IncluirAnexo", kind="closed_period", times=1)
    failed = await asyncio.to_thread(
        erp.api.post, "/api/v1/attachments/transferir", json={"origem_id": origin, "destino_id": payable}
    )
    assert failed.json()["status"] == "failed"
    credentials = fleet.home.credentials()
    known = [credentials[name] for name in ("omie_app_key", "omie_app_secret", "omie_webhook_secret")]
    metrics = (await asyncio.to_thread(httpx.get, f"http://{fleet.addresses.metrics['erp-bridge']}/metrics")).text
    status = (await asyncio.to_thread(erp.api.get, "/api/v1/erp/status")).text
    assert "IncluirAnexo" in metrics
    assert "IncluirAnexo" in status
    told = {"metrics": metrics.encode(), "status": status.encode(), "rows": await rows_of(fleet)}
    places = [*fleet.home.logs.rglob("*"), *fleet.home.nats.rglob("*.blk")]
    told |= {str(path): await asyncio.to_thread(path.read_bytes) for path in places if path.is_file()}
    assert any(path.endswith(".blk") for path in told)
    assert [name for name, content in told.items() for secret in known if secret.encode() in content] == []


async def rows_of(fleet: Fleet) -> bytes:
    """Every row of the bridge's database, as text."""
    connection = await asyncpg.connect(fleet.addresses.databases["erp-bridge"])
    try:
        tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        return b"".join(
            [
                str(row[0]).encode()
                for table in tables
                for row in await connection.fetch(f'select to_jsonb(t)::text from "{table[0]}" t')
            ]
        )
    finally:
        await connection.close()


async def test_an_order_becomes_a_sales_order_and_hears_of_its_invoice(erp: Erp) -> None:
    place = {"category": "1.01.03", "account": 90000003801}
    config = {"post_commit_directives": ["erp.order.export"]}
    data = {"customer": {"name": "Ana Souza", "cpf": "52998224725", "address": {"state": "SP"}}}
    line = {"op": "add_line", "sku": "E2E-BOOK", "qty": "2", "unit_price_q": 500}

    def order() -> str:
        named = {"codigo": "E2E-BOOK", "codigo_produto_integracao": "E2E-BOOK", "descricao": "Livro", "unidade": "UN"}
        erp.call("geral/produtos", "IncluirProduto", **named, ncm="4901.99.00", valor_unitario=5)
        erp.api.put(
            "/api/v1/erp/mappings", json={"kind": "channel", "key": "booked", "value": place}
        ).raise_for_status()
        channel = {"code": "booked", "pricing_policy": "external", "config": config}
        erp.api.post("/api/v1/channels", json=channel).raise_for_status()
        session = {"channel_code": "booked", "session_key": "E2E-BOOK", "data": data, "ops": [line]}
        erp.api.post("/api/v1/sessions", json=session).raise_for_status()
        made = erp.api.post("/api/v1/sessions/E2E-BOOK/commit", json={"channel_code": "booked"})
        return str(made.raise_for_status().json()["order_ref"])

    ref = await asyncio.to_thread(order)

    async def confirmed() -> Any:
        found = (await asyncio.to_thread(erp.api.get, f"/api/v1/erp/orders/{ref}")).json()
        return found if found.get("state") == "confirmed" else None

    booked: Any = await eventually(confirmed, 100, 0.1)
    shown = await asyncio.to_thread(erp.call, "produtos/pedido", "ConsultarPedido", codigo_pedido=booked["external_id"])
    assert shown["pedido_venda_produto"]["total_pedido"]["valor_total_pedido"] == 10
    erp.control("webhooks", url=erp.hook, topics=["NFe.NotaAutorizada"])
    await asyncio.to_thread(erp.call, "produtos/pedidovendafat", "FaturarPedidoVenda", nCodPed=booked["external_id"])

    async def invoiced() -> Any:
        events = (await asyncio.to_thread(erp.api.get, f"/api/v1/orders/{ref}/events")).json()["items"]
        return [each["payload"] for each in events if each["type"] == "erp.invoiced"]

    found: Any = await eventually(invoiced, 100, 0.1)
    assert [each["external_id"] for each in found] == [booked["external_id"]]
    assert found[0]["access_key"]


async def test_a_sale_at_the_counter_is_booked_and_a_cancelled_one_taken_back(erp: Erp) -> None:
    def sell() -> tuple[str, str]:
        named = {"codigo": "E2E-POS", "codigo_produto_integracao": "E2E-POS", "descricao": "Café", "unidade": "UN"}
        erp.call("geral/produtos", "IncluirProduto", **named, ncm="0901.21.00", valor_unitario=5)
        buyer = {"codigo_cliente_integracao": "E2E-POS", "razao_social": "Consumidor", "estado": "SP"}
        customer = erp.call("geral/clientes", "IncluirCliente", **buyer)["codigo_cliente_omie"]
        erp.api.post("/api/v1/storefronts", json={"code": "caixa", "name": "Caixa"}).raise_for_status()
        place = {"category": "1.01.03", "account": 90000003801, "customer": customer}
        erp.api.put("/api/v1/erp/mappings", json={"kind": "channel", "key": "caixa", "value": place}).raise_for_status()
        product = {"sku": "E2E-POS", "name": "Café", "prices": {"retail_price_q": 500}}
        erp.api.post("/api/v1/products", json=product).raise_for_status()
        lines = [{"sku": "E2E-POS", "qty": "10"}]
        erp.api.post("/api/v1/stock/receive", json={"location": "caixa", "lines": lines}).raise_for_status()
        sale = erp.api.post("/api/v1/sales", json={"storefront": "caixa"}).raise_for_status().json()
        item = {"sku": "E2E-POS", "quantity": "3", "discount_q": 100}
        erp.api.post(f"/api/v1/sales/{sale['id']}/items", json=item).raise_for_status()
        paid = {"payment_type": "cash", "payments": [{"method": "cash", "amount_q": 1400}]}
        erp.api.post(f"/api/v1/sales/{sale['id']}/complete", json=paid).raise_for_status()
        return str(sale["id"]), str(sale["receipt_number"])

    sale, receipt = await asyncio.to_thread(sell)

    async def stands(state: str) -> Any:
        found = (await asyncio.to_thread(erp.api.get, f"/api/v1/erp/orders/{receipt}")).json()
        return found if found.get("state") == state else None

    booked: Any = await eventually(partial(stands, "confirmed"), 100, 0.1)
    assert booked["stage"] == "50"
    shown = await asyncio.to_thread(erp.call, "produtos/pedido", "ConsultarPedido", codigo_pedido=booked["external_id"])
    order = shown["pedido_venda_produto"]
    assert order["cabecalho"]["codigo_pedido_integracao"] == receipt
    assert order["total_pedido"]["valor_total_pedido"] == 14
    cancelled = await asyncio.to_thread(erp.api.post, f"/api/v1/sales/{sale}/cancel", json={"reason": "Engano"})
    cancelled.raise_for_status()
    await eventually(partial(stands, "cancelled"), 100, 0.1)
    status = await asyncio.to_thread(erp.call, "produtos/pedido", "StatusPedido", codigo_pedido=booked["external_id"])
    assert status["cancelada"] == "S"


def test_stock_here_and_in_the_erp_can_be_compared(erp: Erp, fleet: Fleet) -> None:
    named = {"codigo": "E2E-DIFF", "codigo_produto_integracao": "E2E-DIFF", "descricao": "Lápis", "unidade": "UN"}
    product = erp.call("geral/produtos", "IncluirProduto", **named, ncm="9609.10.00", valor_unitario=1)[
        "codigo_produto"
    ]
    moved = {"data": "01/01/2026", "tipo": "ENT", "quan": 7, "valor": 1, "obs": "x", "origem": "AJU", "motivo": "INV"}
    erp.call("estoque/ajuste", "IncluirAjusteEstoque", id_prod=product, **moved)
    erp.api.post("/api/v1/products", json={"sku": "E2E-DIFF", "name": "Lápis"}).raise_for_status()
    lines = [{"sku": "E2E-DIFF", "qty": "10"}]
    erp.api.post("/api/v1/stock/receive", json={"location": "loja", "lines": lines}).raise_for_status()
    found = fleet.run("erp", "stock-diff", "--json", "E2E-DIFF")
    assert found.returncode == 1, found.stderr
    compared = json.loads(found.stdout)
    assert (compared["compared"], compared["different"]) == (1, 1)
    [item] = compared["items"]
    assert (item["external_id"], item["on_hand"], item["external"], item["difference"]) == (
        product,
        "10.000",
        "7.000",
        "3.000",
    )


def test_another_business_gets_nothing_from_an_account_that_is_not_its_own(erp: Erp, fleet: Fleet) -> None:
    other = fleet.of_a_new_business()
    bound = other.run("erp", "bind")
    assert (bound.returncode, json.loads(bound.stdout)["bound"]) == (1, False)
    origin, payable = erp.receipt("a.pdf")
    headers = {"authorization": f"Bearer {other.api_key}"}
    body = {"origem_id": origin, "destino_id": payable}
    refused = erp.api.post("/api/attachments/transferir/", json=body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "account_of_another")
    assert refused.json()["message"].startswith("Nenhuma conta do ERP pertence a esta empresa")
    again = erp.api.post("/api/purchase-orders/reprocessar_falhas/", headers=headers)
    assert [again.json()[name] for name in ("total_reprocessados", "sucessos", "falhas")] == [0, 0, 0]
