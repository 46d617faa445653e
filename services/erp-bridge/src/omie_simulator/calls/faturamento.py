"""What follows a sales order: invoice, return, cancellation, stages and their history (omie-api.md 2.5)."""

from typing import Any

from omie_simulator import faults, paging
from omie_simulator.calls import estoque, pedidos
from omie_simulator.store import Record
from omie_simulator.tags import shape
from omie_simulator.world import World, call, stripped

BILLING, STAGES, HISTORY = "produtos/pedidovendafat", "produtos/etapafat", "produtos/pedidoetapas"
OPERATION = "11"
FIRST, BILLED = "10", "60"
INVALID = "1"
FOR_A_NOTE = ("cnpj_cpf", "estado")
"""What must be known of a customer before a note can be issued; the real ones are more."""
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
    cancelled = world.store.put(
        "sales_orders", record["codigo_pedido"], {**record, "cancelado": "S", "dCan": world.clock.date()}
    )
    pedidos.tell(world, "Cancelada", cancelled)
    return _answer(cancelled, "Pedido cancelado com sucesso!")


@call(BILLING, "ValidarPedidoVenda", shape("pvpValidarRequest", BILLING_KEY), ("nCodPed", "cCodIntPed"))
def validate(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Tells whether an order could be billed; that it could not is no fault but a status of 1."""
    record = _billed(world, param)
    customer = world.store.find("customers", record["cabecalho"]["codigo_cliente"]) or {}
    missing = [name for name in FOR_A_NOTE if not customer.get(name)]
    if record["cancelado"] == "S" or record["faturado"] == "S":
        return {**_answer(record, "O pedido está cancelado ou já foi faturado!"), "cCodStatus": INVALID}
    if missing:
        return {**_answer(record, f"Cadastro do cliente incompleto: {', '.join(missing)}"), "cCodStatus": INVALID}
    if not record["det"]:
        return {**_answer(record, "O pedido não tem itens!"), "cCodStatus": INVALID}
    return _answer(record, "Pedido validado com sucesso!")


@call(BILLING, "DuplicarPedidoVenda", shape("pvpDuplicarRequest", BILLING_KEY), ("nCodPed", "cCodIntPed"), writes=True)
def duplicate(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds an order like another, without its integration code, and at the first stage."""
    source, key = _billed(world, param), world.store.next_id()
    items = [{**each, "ide": {**each["ide"], "codigo_item": world.store.next_id()}} for each in source["det"]]
    numbered = {"codigo_pedido": key, "codigo_pedido_integracao": "", "numero_pedido": world.number("sales_orders")}
    parts = {name: source[name] for name in pedidos.ORDER.tags if name in source}
    header = {**source["cabecalho"], **numbered}
    record = {**parts, **pedidos.NEW, "codigo_pedido": key, "info": world.stamp(), "cabecalho": header, "det": items}
    pedidos.move_to(world, record, FIRST)
    pedidos.tell(world, "Incluida", record)
    return _answer(record, "Pedido duplicado com sucesso!")


@call(
    BILLING, "AssociarCodIntPedidoVenda", shape("pvpAssociarCodIntRequest", BILLING_KEY), "nCodPed", "cCodIntPed",
    writes=True,
)  # fmt: skip
def associate(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Gives an order an integration code that no other has."""
    record, code = pedidos.found(world, {"codigo_pedido": param["nCodPed"]}), str(param["cCodIntPed"])
    other = pedidos.by_code(world, code)
    if other and other["codigo_pedido"] != record["codigo_pedido"]:
        raise world.duplicate(f"Pedido de venda já cadastrado para o código de integração [{code}]!", 101)
    changed = {**record, "cabecalho": {**record["cabecalho"], "codigo_pedido_integracao": code}}
    pedidos.tell(world, "Alterada", world.store.put("sales_orders", record["codigo_pedido"], changed))
    return _answer(changed, "Código de integração associado com sucesso!")


@call(
    pedidos.SERVICE,
    "AlterarPedFaturado",
    shape(
        "pvpAlterarPedFatRequest",
        "codigo_pedido:i codigo_pedido_integracao numero_pedido codigo_rastreio link_rastreio previsao_entrega:d obs_venda",
    ),
    (*pedidos.KEY, "numero_pedido"),
    writes=True,
)
def alter_billed(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Changes what may still be changed of a billed order: its delivery, and its notes."""
    record = _found_billed(world, param)
    delivery = {name: param[name] for name in ("codigo_rastreio", "link_rastreio", "previsao_entrega") if name in param}
    notes = {name: param[name] for name in ("obs_venda",) if name in param}
    parts = {
        "frete": {**record.get("frete", {}), **delivery},
        "observacoes": {**record.get("observacoes", {}), **notes},
    }
    changed = world.store.put("sales_orders", record["codigo_pedido"], {**record, **parts})
    pedidos.tell(world, "Alterada", changed)
    return pedidos.answer(changed, "Pedido faturado alterado com sucesso!")


def _found_billed(world: World, param: dict[str, Any]) -> Record:
    record = pedidos.found(world, param)
    if record["faturado"] != "S":
        raise faults.client(102, "O pedido não está faturado!")
    return record


@call(
    pedidos.SERVICE,
    "DevolverPedido",
    shape(
        "pvpDevolverRequest",
        "codigo_pedido:i codigo_pedido_integracao",
        itens=shape("itens", "codigo_produto:i quantidade:n"),
    ),
    pedidos.KEY,
    writes=True,
)
def give_back(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Takes back what was billed: all that is left, or of one product all or so much. The goods return to the stock."""
    record, item = _found_billed(world, param), param.get("itens", {})
    back = {str(product): quantity for product, quantity in record.get("returned", {}).items()}
    left = {product: sold - back.get(product, 0) for product, sold in pedidos.sold_of(record).items()}
    if item:
        key = str(item.get("codigo_produto", ""))
        left = {key: _returnable(left.get(key, 0), item)}
    if not any(left.values()):
        raise faults.client(102, "Não há itens a devolver neste pedido!")
    for product, quantity in left.items():
        back[product] = back.get(product, 0) + quantity
        estoque.move(world, int(product), quantity, None, "devolucao")
    changed = world.store.put("sales_orders", record["codigo_pedido"], {**record, "returned": back})
    pedidos.tell(world, "Devolvida", changed)
    answer = {"nIdDevolucao": world.store.next_id(), "cCodStatus": "0"}
    return {**answer, "cDesStatus": "Pedido devolvido com sucesso!"}


def _returnable(left: float, item: Record) -> float:
    asked = item.get("quantidade") or left
    if not 0 < asked <= left:
        raise faults.client(
            102, f"A quantidade a devolver do produto [{item.get('codigo_produto')}] é maior que a vendida!"
        )
    return float(asked)


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
