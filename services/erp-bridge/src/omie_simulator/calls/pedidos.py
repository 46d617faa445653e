"""produtos/pedido: sales orders (omie-api.md 2.5)."""

from typing import Any

from omie_simulator import faults, paging
from omie_simulator.calls import clientes, produtos
from omie_simulator.store import Record
from omie_simulator.tags import Shape, shape
from omie_simulator.world import World, call, stripped, within

SERVICE = "produtos/pedido"
KEY = ("codigo_pedido", "codigo_pedido_integracao")
STAGE_NAMES = {
    "00": "Proposta", "10": "Pedido de Venda", "20": "Separar Estoque", "30": "Coluna livre", "40": "Coluna livre",
    "50": "Faturar", "60": "Faturado", "70": "Entrega", "80": "Devolvido",
}  # fmt: skip
STATUSES = ("FATURADO", "CANCELADO", "AUTORIZADO", "DENEGADO", "DEVOLVIDO")
CUSTOM = "999"
PERCENT = "P"
NEW: Record = {"cancelado": "N", "faturado": "N", "notes": []}
EXTRAS = ("valor_frete", "valor_seguro", "outras_despesas")
ORDER = shape(
    "pedido_venda_produto",
    cabecalho=shape(
        "cabecalho",
        "codigo_pedido:i codigo_pedido_integracao numero_pedido codigo_cliente:i codigo_cliente_integracao"
        " data_previsao:d etapa codigo_parcela qtde_parcelas:i origem_pedido quantidade_itens:i bloqueado",
    ),
    det=[
        shape(
            "det",
            ide=shape("ide", "codigo_item:i codigo_item_integracao acao_item"),
            produto=shape(
                "produto",
                "codigo_produto:i codigo_produto_integracao codigo descricao quantidade:n valor_unitario:n unidade ncm"
                " cfop tipo_desconto valor_desconto:n percentual_desconto:n valor_mercadoria:n",
            ),
            inf_adic=shape("inf_adic", "codigo_local_estoque:i dados_adicionais_item nao_gerar_financeiro"),
            observacao=shape("observacao", "obs_item"),
        )
    ],
    frete=shape("frete", "modalidade codigo_transportadora:i valor_frete:n valor_seguro:n outras_despesas:n"),
    informacoes_adicionais=shape(
        "informacoes_adicionais",
        "codigo_categoria codigo_conta_corrente:i consumidor_final enviar_email numero_pedido_cliente codProj:i codVend:i"
        " dados_adicionais_nf",
    ),
    lista_parcelas=shape(
        "lista_parcelas",
        parcela=[
            shape("parcela", "numero_parcela:i data_vencimento:d valor:n percentual:n quantidade_dias:i meio_pagamento")
        ],
    ),
    observacoes=shape("observacoes", "obs_venda"),
)


def _keyed(name: str, more: str = "") -> Shape:
    return shape(name, f"codigo_pedido:i codigo_pedido_integracao {more}")


def by_code(world: World, code: object) -> Record | None:
    """Returns the order with an integration code."""
    rows = world.store.rows("sales_orders")
    return next((each for each in rows if code and each["cabecalho"]["codigo_pedido_integracao"] == code), None)


def found(world: World, param: dict[str, Any]) -> Record:
    """Returns the order that id, integration code, or number names; raises Fault."""
    if key := param.get("codigo_pedido"):
        record = world.store.find("sales_orders", int(key))
    elif code := param.get("codigo_pedido_integracao"):
        record = by_code(world, code)
    else:
        number = stripped(param.get("numero_pedido"))
        rows = world.store.rows("sales_orders")
        record = next((each for each in rows if stripped(each["cabecalho"]["numero_pedido"]) == number), None)
    if record is None:
        given = param.get("codigo_pedido") or param.get("codigo_pedido_integracao") or param.get("numero_pedido")
        raise faults.client(105, f"Pedido não cadastrado para o Código [{given}] !")
    return record


@call(SERVICE, "IncluirPedido", ORDER, "cabecalho", "det", "informacoes_adicionais", writes=True)
def include(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds an order."""
    header, more = param["cabecalho"], param["informacoes_adicionais"]
    _need(header, "codigo_pedido_integracao", "data_previsao", "etapa", "codigo_parcela")
    _need(more, "codigo_categoria", "codigo_conta_corrente", "consumidor_final")
    if other := by_code(world, code := header["codigo_pedido_integracao"]):
        raise world.duplicate(
            f"Pedido de venda já cadastrado para o código de integração [{other['cabecalho'][KEY[1]]}]!", 101
        )
    if header["codigo_parcela"] == CUSTOM and not param.get("lista_parcelas", {}).get("parcela"):
        raise faults.required("lista_parcelas")
    if world.store.find("accounts", int(more["codigo_conta_corrente"])) is None:
        raise faults.client(101, "Nenhuma conta corrente foi encontrada!")
    customer = _customer(world, header)
    if not customer.get("estado"):
        raise faults.client(102, "O preenchimento da UF do cliente é obrigatório!")
    key = world.store.next_id()
    numbered = {"codigo_pedido": key, "numero_pedido": world.number("sales_orders")}
    items = [made_item(world, each) for each in param["det"]]
    record = {
        **param, "codigo_pedido": key, "det": items, **NEW, "info": world.stamp(),
        "cabecalho": {**header, **numbered, "codigo_pedido_integracao": code, "quantidade_itens": len(items),
                      "codigo_cliente": customer["codigo_cliente_omie"]},
    }  # fmt: skip
    move_to(world, record, header["etapa"])
    tell(world, "Incluida", record)
    return answer(record, "Pedido cadastrado com sucesso!")


def _customer(world: World, part: Record) -> Record:
    code = part.get("codigo_cliente_integracao")
    return clientes.found(world, {"codigo_cliente_omie": part.get("codigo_cliente"), "codigo_cliente_integracao": code})


def _need(part: Record, *tags: str) -> None:
    for tag in tags:
        if part.get(tag) in (None, ""):
            raise faults.required(tag)


def made_item(world: World, item: Record) -> Record:
    """Returns an item with its product and an id; raises Fault for one that cannot be sold."""
    asked = item.get("produto", {})
    _need(asked, "quantidade", "valor_unitario")
    product = produtos.found(world, asked)
    if product["inativo"] == "S":
        raise faults.client(115, f"O produto [{product['codigo']}] está inativo!")
    named = {
        "codigo_produto": product["codigo_produto"],
        "codigo": product["codigo"],
        "descricao": product["descricao"],
    }
    key = item.get("ide", {}).get("codigo_item") or world.store.next_id()
    return {**item, "ide": {**item.get("ide", {}), "codigo_item": key}, "produto": {**asked, **named}}


@call(SERVICE, "AlterarPedidoVenda", ORDER, "cabecalho", writes=True)
def alter(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Changes an order that is neither cancelled nor billed; items come and go by their integration code."""
    record = found(world, param["cabecalho"])
    check_open(record)
    kept = {name: record["cabecalho"][name] for name in (*KEY, "numero_pedido", "codigo_cliente")}
    items = _merged(world, record["det"], param.get("det", []))
    header = {**record["cabecalho"], **param["cabecalho"], **kept, "quantidade_itens": len(items)}
    changed = {**record, **param, "cabecalho": header, "det": items}
    move_to(world, changed, header["etapa"])
    tell(world, "Alterada", changed)
    return answer(changed, "Pedido alterado com sucesso!")


def _merged(world: World, present: list[Record], given: list[Record]) -> list[Record]:
    items = {each["ide"].get("codigo_item_integracao") or each["ide"]["codigo_item"]: each for each in present}
    for each in given:
        ide = each.get("ide", {})
        key = ide.get("codigo_item_integracao") or ide.get("codigo_item")
        if ide.get("acao_item") == "E":
            items.pop(key, None)
        else:
            items[key] = made_item(world, each)
    return list(items.values())


def check_open(record: Record) -> None:
    """Raises Fault when an order is cancelled or billed."""
    if record["cancelado"] == "S":
        raise faults.client(102, "O pedido está cancelado!")
    if record["faturado"] == "S":
        raise faults.client(102, "O pedido já foi faturado!")


@call(SERVICE, "ConsultarPedido", _keyed("pvpConsultarRequest", "numero_pedido"), (*KEY, "numero_pedido"))
def consult(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Describes an order, in a wrapper."""
    return {"pedido_venda_produto": _shown(found(world, param))}


def _shown(record: Record) -> Record:
    parts = {
        name: record[name]
        for name in ("det", "frete", "informacoes_adicionais", "lista_parcelas", "observacoes")
        if record.get(name)
    }
    header = {**record["cabecalho"], "numero_pedido": stripped(record["cabecalho"]["numero_pedido"])}
    given_back = is_returned(record)
    flags = {
        "cancelado": record["cancelado"], "faturado": record["faturado"], "devolvido": "S" if given_back else "N",
        "devolvido_parcial": "S" if record.get("returned") and not given_back else "N",
    }  # fmt: skip
    total = {"valor_total_pedido": total_of(record)}
    return {"cabecalho": header, **parts, "total_pedido": total, "infoCadastro": {**record["info"], **flags}}


def is_returned(record: Record) -> bool:
    """Tells whether all that was sold came back."""
    back = record.get("returned", {})
    return bool(back) and all(back.get(product, 0) >= sold for product, sold in sold_of(record).items())


def sold_of(record: Record) -> dict[str, float]:
    """Returns how much of each product an order sells; ids are text, as the keys of a record are."""
    sold: dict[str, float] = {}
    for item in record["det"]:
        key = str(item["produto"]["codigo_produto"])
        sold[key] = sold.get(key, 0) + item["produto"]["quantidade"]
    return sold


def total_of(record: Record) -> float:
    """Returns what an order comes to."""
    freight = record.get("frete", {})
    extra = sum(freight.get(name, 0) for name in EXTRAS)
    return float(round(sum(line_total(item["produto"]) for item in record["det"]) + extra, 2))


def line_total(product: Record) -> float:
    """Returns what a line comes to, less its discount: a value, or a part of it in hundredths."""
    gross = round(product["quantidade"] * product["valor_unitario"], 2)
    if product.get("tipo_desconto") == PERCENT:
        return float(round(gross * (1 - product.get("percentual_desconto", 0) / 100), 2))
    return float(gross - product.get("valor_desconto", 0))


@call(SERVICE, "StatusPedido", _keyed("pvpStatusPedidoRequest"), KEY)
def status(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Tells how far an order is, and its invoices."""
    record = found(world, param)
    header = record["cabecalho"]
    return {
        **{name: header[name] for name in KEY}, "numero_pedido": stripped(header["numero_pedido"]),
        "etapa": header["etapa"], "cancelada": record["cancelado"], "faturada": record["faturado"], "ambiente": "P",
        "valor_total_pedido": total_of(record), "ListaNfe": record["notes"],
    }  # fmt: skip


@call(
    SERVICE,
    "ListarPedidos",
    shape(
        "pvpListarRequest",
        f"{paging.SNAKE.request_tags} apenas_importado_api ordenar_por ordem_decrescente etapa filtrar_por_cliente:i"
        " filtrar_por_vendedor:i filtrar_por_projeto:i filtrar_por_data_de:d filtrar_por_data_ate:d filtrar_por_hora_de"
        " filtrar_por_hora_ate filtrar_apenas_inclusao filtrar_apenas_alteracao numero_pedido_de numero_pedido_ate"
        " data_previsao_de:d data_previsao_ate:d data_faturamento_de:d data_faturamento_ate:d data_cancelamento_de:d"
        " data_cancelamento_ate:d status_pedido apenas_resumo",
    ),
)
def list_orders(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists orders."""
    wanted = str(param.get("status_pedido") or "")
    if wanted and wanted not in STATUSES:
        raise faults.client(105, f"O status [{wanted}] é inválido! Valores aceitos: {', '.join(STATUSES)}")
    records = [_shown(each) for each in world.store.rows("sales_orders") if _is_wanted(each, param, wanted)]
    return paging.page(records, param, paging.SNAKE, "pedido_venda_produto")


def _is_wanted(record: Record, param: dict[str, Any], status: str) -> bool:
    flags = {
        "FATURADO": record["faturado"] == "S", "AUTORIZADO": record["faturado"] == "S",
        "CANCELADO": record["cancelado"] == "S", "DEVOLVIDO": is_returned(record),
    }  # fmt: skip
    who, number = param.get("filtrar_por_cliente"), _number(record["cabecalho"]["numero_pedido"])
    dates = {
        "filtrar_por_data": record["info"]["dInc"], "data_previsao": record["cabecalho"]["data_previsao"],
        "data_faturamento": record.get("dFat"), "data_cancelamento": record.get("dCan"),
    }  # fmt: skip
    return (
        (not status or flags.get(status, False))
        and (not param.get("etapa") or record["cabecalho"]["etapa"] == param["etapa"])
        and (not who or record["cabecalho"]["codigo_cliente"] == int(who))
        and _number(param.get("numero_pedido_de")) <= number
        and (not param.get("numero_pedido_ate") or number <= _number(param["numero_pedido_ate"]))
        and all(within(day, param.get(f"{name}_de"), param.get(f"{name}_ate")) for name, day in dates.items())
    )


def _number(text: Any) -> int:
    return int(text) if str(text or "").isdigit() else 0


@call(
    SERVICE,
    "SimularImpostos",
    shape(
        "pvpSimularImpRequest",
        "codigo_cliente:i codigo_cliente_integracao consumidor_final uf_entrega indPresenca",
        frete_simul=shape("frete_simul", " ".join(f"{name}:n" for name in EXTRAS)),
        det_simul=[
            shape(
                "det_simul",
                "codigo_cenario_impostos_item:i",
                produto_simul=shape(
                    "produto_simul",
                    "codigo_produto:i codigo_produto_integracao codigo_item_integracao:i quantidade:n valor_unitario:n"
                    " valor_desconto:n",
                ),
            )
        ],
    ),
    ("codigo_cliente", "codigo_cliente_integracao"),
    "consumidor_final",
    "det_simul",
)
def simulate_taxes(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Computes the taxes of items that nobody has ordered: there is no tax scenario here, so they come to nothing."""
    _customer(world, param)
    answered = []
    for each in param["det_simul"]:
        product = made_item(world, {"produto": each.get("produto_simul", {})})["produto"]
        named = {name: value for name, value in product.items() if name not in ("codigo", "descricao")}
        answered.append({"produto_simul_resp": {**named, "valor_total": line_total(product)}, "imposto": {}})
    echoed = {name: value for name, value in param.items() if name != "det_simul"}
    return {**echoed, "det_simul_resp": answered}


@call(SERVICE, "ExcluirPedido", _keyed("pvpExcluirRequest"), KEY, writes=True)
def exclude(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Removes an order that is not billed."""
    record = found(world, param)
    if record["faturado"] == "S":
        raise faults.client(102, "O pedido já foi faturado!")
    world.store.remove("sales_orders", record["codigo_pedido"])
    tell(world, "Excluida", record)
    return answer(record, "Pedido excluído com sucesso!")


@call(SERVICE, "TrocarEtapaPedido", _keyed("pvpTrocarEtapaRequest", "etapa"), KEY, "etapa", writes=True)
def move_stage(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Moves an order to another stage."""
    record = found(world, param)
    check_open(record)
    move_to(world, record, str(param["etapa"]))
    tell(world, "EtapaAlterada", record)
    return answer(record, "Etapa alterada com sucesso!")


def move_to(world: World, record: Record, stage: str) -> None:
    """Keeps an order at a stage, and notes when it came there; raises Fault for a stage that does not exist."""
    if stage not in STAGE_NAMES:
        raise faults.client(105, f"A etapa [{stage}] é inválida! Valores aceitos: {', '.join(STAGE_NAMES)}")
    record["cabecalho"] = {**record["cabecalho"], "etapa": stage}
    world.store.put("sales_orders", record["codigo_pedido"], record)
    at = {"dDtEtapa": world.clock.date(), "cHrEtapa": world.clock.time(), "cUsEtapa": "WEBSERVICE"}
    header = record["cabecalho"]
    named = {"nCodPed": header["codigo_pedido"], "cCodIntPed": header[KEY[1]], "cNumero": header["numero_pedido"]}
    cancellation = {"cancelamento": {"cCancelado": record["cancelado"]}}
    world.new("stage_history", {**named, "cEtapa": stage, **at, **cancellation}, "id")


def tell(world: World, what: str, record: Record) -> None:
    """Queues the event of an order."""
    header, more = record["cabecalho"], record["informacoes_adicionais"]
    event = {
        "numeroPedido": stripped(header["numero_pedido"]), "etapa": header["etapa"],
        "etapaDescr": STAGE_NAMES[header["etapa"]], "idPedido": header["codigo_pedido"],
        "codIntPedido": header[KEY[1]], "idCliente": header["codigo_cliente"],
        "codigoCategoria": more["codigo_categoria"], "dataPrevisao": header["data_previsao"],
        "dataFaturado": record.get("dFat", ""), "faturada": record["faturado"],
        "idContaCorrente": more["codigo_conta_corrente"], "valorPedido": total_of(record),
    }  # fmt: skip
    world.emit(f"VendaProduto.{what}", event)


def answer(record: Record, text: str) -> dict[str, Any]:
    """Returns what a change of an order is answered with."""
    named = {name: record["cabecalho"][name] for name in (*KEY, "numero_pedido")}
    return {**named, "codigo_status": "0", "descricao_status": text}
