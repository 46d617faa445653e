"""What follows a sales order: invoice, cancellation, stages and their history (omie-api.md 2.5)."""

from typing import Any

from omie_simulator import paging
from omie_simulator.calls import estoque, pedidos
from omie_simulator.store import Record
from omie_simulator.tags import shape
from omie_simulator.world import World, call, stripped

BILLING, STAGES, HISTORY = "produtos/pedidovendafat", "produtos/etapafat", "produtos/pedidoetapas"
OPERATION = "11"
BILLED = "60"
BILLING_KEY = "nCodPed:i cCodIntPed"


def _billed(world: World, param: dict[str, Any]) -> Record:
    return pedidos.found(
        world, {"codigo_pedido": param.get("nCodPed"), "codigo_pedido_integracao": param.get("cCodIntPed")}
    )


@call(BILLING, "FaturarPedidoVenda", shape("pvpFaturarRequest", BILLING_KEY), ("nCodPed", "cCodIntPed"), writes=True)
def bill(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Issues the invoice of an order, and takes its goods off the stock."""
    record = _billed(world, param)
    pedidos.check_open(record)
    number = stripped(world.number("invoices"))
    chave = f"3526{number.zfill(40)}"
    note = {"numero_nfe": number, "serie_nfe": "1", "status_nfe": "Autorizada", "chave_nfe": chave,
            "danfe": f"{world.base_url}/danfe/{chave}", "mensagens": []}  # fmt: skip
    record = {**record, "faturado": "S", "notes": [*record["notes"], note], "dFat": world.clock.date()}
    for item in record["det"]:
        estoque.move(world, item["produto"]["codigo_produto"], -item["produto"]["quantidade"], None, "faturamento")
    pedidos.move_to(world, record, BILLED)
    pedidos.tell(world, "Faturada", record)
    event = {
        "acao": "autorizada", "ambiente": "P", "data_emis": world.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
        "id_nf": world.store.next_id(), "id_pedido": record["codigo_pedido"], "nfe_chave": chave,
        "nfe_danfe": note["danfe"], "nfe_xml": f"{world.base_url}/xml/{chave}", "numero_nf": number, "operacao": OPERATION,
        "serie": "1",
    }  # fmt: skip
    world.emit("NFe.NotaAutorizada", event)
    return _answer(record, "Pedido faturado com sucesso!")


@call(BILLING, "CancelarPedidoVenda", shape("pvpCancelarRequest", BILLING_KEY), ("nCodPed", "cCodIntPed"), writes=True)
def cancel(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Cancels an order; it keeps its stage."""
    record = _billed(world, param)
    pedidos.check_open(record)
    cancelled = world.store.put("sales_orders", record["codigo_pedido"], {**record, "cancelado": "S"})
    pedidos.tell(world, "Cancelada", cancelled)
    return _answer(cancelled, "Pedido cancelado com sucesso!")


@call(BILLING, "ObterPedidosVenda", shape("pvpObterRequest", "cEtapa"), "cEtapa")
def of_stage(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists the orders of a stage."""
    headers = [each["cabecalho"] for each in world.store.rows("sales_orders")]
    there = [each for each in headers if each["etapa"] == param["cEtapa"]]
    return {"listaPedidosVenda": [{"nIdPed": e["codigo_pedido"], "cNumPedido": e["numero_pedido"]} for e in there]}


@call(STAGES, "ListarEtapasFaturamento", shape("etaproListarRequest", paging.SNAKE.request_tags))
def stages(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists the stages of a sale."""
    listed = [
        {"cCodigo": code, "cDescricao": name, "cDescrPadrao": name, "cInativo": "N"}
        for code, name in pedidos.STAGE_NAMES.items()
    ]
    sale = {"cCodOperacao": OPERATION, "cDescOperacao": "Venda de Produto", "etapas": listed}
    return paging.page([{}, sale], param, paging.SNAKE, "cadastros")


@call(
    HISTORY, "ListarEtapasPedido",
    shape("etapasListarRequest", f"{paging.SHORT.request_tags} dDtInicial:d dDtFinal:d cHrInicial cHrFinal {BILLING_KEY} cEtapa"),
)  # fmt: skip
def history(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists the stages that orders went through."""
    names = ("nCodPed", "cCodIntPed", "cEtapa")
    records = [
        {name: value for name, value in each.items() if name != "id"}
        for each in world.store.rows("stage_history")
        if all(not param.get(name) or each[name] == param[name] for name in names)
    ]
    return paging.page(records, param, paging.SHORT, "etapasPedido")


def _answer(record: Record, text: str) -> dict[str, Any]:
    named = {"nCodPed": record["codigo_pedido"], "cCodIntPed": record["cabecalho"]["codigo_pedido_integracao"]}
    return {**named, "cCodStatus": "0", "cDescStatus": text}
