"""produtos/pedidovenda: sales orders item by item (omie-api.md 2.5)."""

from typing import Any

from omie_simulator import faults
from omie_simulator.calls import pedidos
from omie_simulator.store import Record
from omie_simulator.tags import shape
from omie_simulator.world import World, call

SERVICE = "produtos/pedidovenda"
PRODUCT = "codigo_produto:i quantidade:n cfop valor_unitario:n tipo_desconto valor_desconto:n percentual_desconto:n"
MORE = "codigo_local_estoque:i dados_adicionais_item nao_gerar_financeiro"
NOTE = "obs_item"
HEADER = "codigo_pedido_integracao codigo_cliente:i codigo_cliente_integracao data_previsao:d etapa codigo_parcela origem_pedido"
DETAILS = (
    "codigo_categoria codigo_conta_corrente:i consumidor_final enviar_email numero_pedido_cliente codProj:i codVend:i"
    " dados_adicionais_nf"
)
ITEM = f"codigo_item_integracao {PRODUCT} {MORE} {NOTE}"
KEY = ("codigo_item", "codigo_item_integracao")


def _part(given: Record, tags: str) -> Record:
    """Returns what was given of some tags: this service is flat where produtos/pedido nests."""
    names = [each.partition(":")[0] for each in tags.split()]
    return {name: given[name] for name in names if name in given}


def _nested(given: Record) -> Record:
    parts = {"ide": " ".join(KEY), "produto": PRODUCT, "inf_adic": MORE, "observacao": NOTE}
    return {name: _part(given, tags) for name, tags in parts.items()}


@call(
    SERVICE,
    "AdicionarPedido",
    shape("AdicionarPedidoRequest", f"{HEADER} {DETAILS}", itens=[shape("itens", ITEM)]),
    "itens",
    writes=True,
)
def add(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds an order."""
    made = pedidos.include(
        world,
        {
            "cabecalho": _part(param, HEADER),
            "informacoes_adicionais": _part(param, DETAILS),
            "det": [_nested(each) for each in param["itens"]],
        },
    )
    return {name: value for name, value in made.items() if name != "codigo_pedido_integracao"}


def _open_order(world: World, param: dict[str, Any]) -> Record:
    record = pedidos.found(world, {"codigo_pedido": param["codigo_pedido"]})
    pedidos.check_open(record)
    return record


def _parted(record: Record, param: dict[str, Any]) -> tuple[list[Record], Record, list[Record]]:
    """Returns the item of an order with a key, between those before and those after it; raises Fault."""
    items = record["det"]
    for at, item in enumerate(items):
        if any(param.get(name) and str(item["ide"].get(name)) == str(param[name]) for name in KEY):
            return items[:at], item, items[at + 1 :]
    given = param.get(KEY[0]) or param.get(KEY[1])
    raise faults.client(103, f"Item não cadastrado para o número [{given}]!")


def _keep(world: World, record: Record, items: list[Record]) -> None:
    header = {**record["cabecalho"], "quantidade_itens": len(items)}
    changed = {**record, "det": items, "cabecalho": header}
    pedidos.tell(world, "Alterada", world.store.put("sales_orders", record["codigo_pedido"], changed))


@call(
    SERVICE, "IncluirItemPedido", shape("incluirItemPedidoRequest", f"codigo_pedido:i {ITEM}"),
    "codigo_pedido", "codigo_produto",
    writes=True,
)  # fmt: skip
def include(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds an item to an order that is neither cancelled nor billed."""
    record, code = _open_order(world, param), param.get("codigo_item_integracao")
    if code and any(each["ide"].get("codigo_item_integracao") == code for each in record["det"]):
        raise world.duplicate(f"Item já cadastrado para o código de integração [{code}]!")
    item = pedidos.made_item(world, _nested(param))
    _keep(world, record, [*record["det"], item])
    return _answer(record, item, "Item incluído com sucesso!")


@call(
    SERVICE, "AlterarItemPedido", shape("alterarItemPedidoRequest", f"codigo_pedido:i codigo_item:i {ITEM}"),
    "codigo_pedido", KEY,
    writes=True,
)  # fmt: skip
def alter(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Changes an item; what is not given stays."""
    record = _open_order(world, param)
    before, present, after = _parted(record, param)
    merged = {name: {**present.get(name, {}), **part} for name, part in _nested(param).items()}
    item = pedidos.made_item(world, {**merged, "ide": present["ide"]})
    _keep(world, record, [*before, item, *after])
    return _answer(record, item, "Item alterado com sucesso!")


@call(
    SERVICE, "ExcluirItemPedido", shape("excluirItemPedidoRequest", "codigo_pedido:i codigo_item:i codigo_item_integracao"),
    "codigo_pedido", KEY,
    writes=True,
)  # fmt: skip
def exclude(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Removes an item."""
    record = _open_order(world, param)
    before, item, after = _parted(record, param)
    _keep(world, record, [*before, *after])
    return _answer(record, item, "Item excluído com sucesso!")


@call(
    SERVICE, "ExcluirItensPedido", shape("excluirItensPedidoRequest", "codigo_pedido:i"), "codigo_pedido", writes=True
)
def exclude_all(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Removes all items."""
    record = _open_order(world, param)
    _keep(world, record, [])
    return _answer(record, None, "Itens excluídos com sucesso!")


@call(SERVICE, "TotalizarPedido", shape("totalizarPedidoRequest", "codigo_pedido:i"), "codigo_pedido", writes=True)
def total(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds an order up, which here it always is: what it comes to is never kept."""
    return _answer(_open_order(world, param), None, "Pedido totalizado com sucesso!")


def _answer(record: Record, item: Record | None, text: str) -> dict[str, Any]:
    named = {"codigo_pedido": record["codigo_pedido"], **{name: item["ide"].get(name, "") for name in KEY if item}}
    return {**named, "codigo_status": "0", "descricao_status": text}
