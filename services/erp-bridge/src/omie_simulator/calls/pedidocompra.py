"""produtos/pedidocompra: purchase orders, which no call can close (omie-api.md 2.2)."""

from typing import Any

from omie_simulator import faults, paging
from omie_simulator.store import Record
from omie_simulator.tags import Shape, shape
from omie_simulator.world import NUMBER_LENGTH, World, call, stripped, within

SERVICE = "produtos/pedidocompra"
HEADER = (
    "nCodPed:i cCodIntPed dDtPrevisao:d cCodParc nQtdeParc:i cCnpjCpfFor nCodFor:i cCodIntFor cCodCateg nCodCompr:i"
    " cContato cContrato nCodCC:i nCodIntCC nCodProj:i cNumPedido cObs cObsInt cEmailAprovador"
)
ITEM = (
    "cCodIntItem nCodItem:i cCodIntProd nCodProd:i cProduto cDescricao cNCM cUnidade cEAN nPesoLiq:n nPesoBruto:n"
    " nQtde:n nValUnit:n nDesconto:n nValorIcms:n nValorSt:n nValorIpi:n nValorPis:n nValorCofins:n cObs cMkpAtuPv"
    " cMkpAtuSm nMkpPerc:n codigo_local_estoque:i cCodCateg"
)
FREIGHT = (
    "nCodTransp:i cCodIntTransp cTpFrete cPlaca cUF nQtdVol:i cEspVol cMarVol cNumVol nPesoLiq:n nPesoBruto:n"
    " nValFrete:n nValSeguro:n cLacre nValOutras:n"
)
KEY = ("nCodPed", "cCodIntPed")
SITUATIONS = {
    "pendente": "lExibirPedidosPendentes", "faturado": "lExibirPedidosFaturados",
    "recebido": "lExibirPedidosRecebidos", "cancelado": "lExibirPedidosCancelados",
    "encerrado": "lExibirPedidosEncerrados", "rec_parcial": "lExibirPedidosRecParciais",
    "fat_parcial": "lExibirPedidosFatParciais",
}  # fmt: skip
"""The situation of an order is no field: it shows only by which of these flags finds the order."""
STAGES = ORDERED, APPROVED, REQUISITION = "10", "15", "20"
FINAL = ("encerrado", "cancelado")
TRUE = ("S", "T", "TRUE")


def _shape(suffix: str) -> Shape:
    nested: dict[str, Shape | list[Shape]] = {
        "cabecalho": shape(f"cabecalho_{suffix}", HEADER),
        "frete": shape(f"frete_{suffix}", FREIGHT),
        "produtos": [shape(f"produtos_{suffix}", ITEM)],
        "departamentos": [shape(f"departamentos_{suffix}", "cCodDepto nPerc:n")],
        "parcelas": [shape(f"parcelas_{suffix}", "nParcela:i dVencto:d nValor:n nDias:i nPercent:n cTipoDoc")],
    }
    return shape(f"com_pedido_{suffix}_request", **{f"{name}_{suffix}": each for name, each in nested.items()})


def find(world: World, key: dict[str, Any]) -> Record | None:
    """Returns the order that id, integration code, or number names."""
    if identifier := key.get("nCodPed"):
        return world.store.find("purchase_orders", int(identifier))
    for record in world.store.rows("purchase_orders"):
        if (code := key.get("cCodIntPed")) and record["cabecalho"].get("cCodIntPed") == code:
            return record
        if (number := key.get("cNumero")) and stripped(record["cabecalho"]["cNumero"]) == stripped(number):
            return record
    return None


def found(world: World, key: dict[str, Any]) -> Record:
    """Returns the order that the key names; raises Fault."""
    if record := find(world, key):
        return record
    if not (key.get("nCodPed") or key.get("cCodIntPed")):
        number = str(key.get("cNumero", "")).zfill(NUMBER_LENGTH)
        raise faults.client(206, f"Pedido de compra não cadastrado para o Número [{number}]")
    code = key.get("nCodPed") or key.get("cCodIntPed")
    raise faults.client(105, f"Pedido de compra não cadastrado para o Código [{code}] !")


@call(SERVICE, "IncluirPedCompra", _shape("incluir"), "cabecalho_incluir", "produtos_incluir", writes=True)
def include(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds an order, which is pending."""
    return _create(world, param, "incluir")


@call(SERVICE, "AlteraPedCompra", _shape("alterar"), "cabecalho_alterar", writes=True)
def alter(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Changes an order that is not over."""
    return _change(world, found(world, param["cabecalho_alterar"]), param, "alterar")


@call(SERVICE, "UpsertPedCompra", _shape("upsert"), "cabecalho_upsert", writes=True)
def upsert(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds an order, or changes the one that the key names."""
    record = find(world, param["cabecalho_upsert"])
    return _change(world, record, param, "upsert") if record else _create(world, param, "upsert")


def _create(world: World, param: dict[str, Any], suffix: str) -> dict[str, Any]:
    header = param[f"cabecalho_{suffix}"]
    if not (header.get("nCodFor") or header.get("cCodIntFor") or header.get("cCnpjCpfFor")):
        raise faults.required("nCodFor", "cCodIntFor", "cCnpjCpfFor")
    if (code := header.get("cCodIntPed")) and find(world, {"cCodIntPed": code}):
        raise world.duplicate(f"Pedido de compra já cadastrado para o código de integração [{code}]!", 101)
    key = world.store.next_id()
    # Who names an approver adds an order that is approved already.
    stage = APPROVED if header.get("cEmailAprovador") else ORDERED
    stamped = {"cEtapa": stage, "cNumero": world.number("purchase_orders"), "dIncData": world.clock.date()}
    record = {
        "nCodPed": key,
        "cabecalho": {"cCodIntPed": "", **header, "nCodPed": key, **stamped, "cIncHora": world.clock.time()},
        "frete": param.get(f"frete_{suffix}", {}),
        "produtos": _items(world, param.get(f"produtos_{suffix}", [])),
        "parcelas": param.get(f"parcelas_{suffix}", []),
        "departamentos": param.get(f"departamentos_{suffix}", []),
        "situation": "pendente",
        "imported": True,
    }
    world.store.put("purchase_orders", key, record)
    tell(world, "Incluida", record)
    return _answer(record, "Pedido de Compra cadastrado com sucesso!")


def _items(world: World, given: list[Record]) -> list[Record]:
    items = []
    for each in given:
        total = round(each.get("nQtde", 0) * each.get("nValUnit", 0) - each.get("nDesconto", 0), 2)
        figures = {"nValMerc": total, "nValTot": total, "nQtdeRec": each.get("nQtdeRec", 0)}
        items.append({"nCodItem": world.store.next_id(), **each, **figures})
    return items


def _change(world: World, record: Record, param: dict[str, Any], suffix: str) -> dict[str, Any]:
    if record["situation"] in FINAL:
        raise faults.client(102, f"O pedido de compra não pode ser alterado: está {record['situation']}!")
    kept = {name: record["cabecalho"][name] for name in ("nCodPed", "cNumero", "cEtapa", "dIncData", "cIncHora")}
    changed = {**record, "cabecalho": {**record["cabecalho"], **param[f"cabecalho_{suffix}"], **kept}}
    for part in ("frete", "parcelas", "departamentos"):
        changed[part] = param.get(f"{part}_{suffix}", record[part])
    if given := param.get(f"produtos_{suffix}"):
        changed["produtos"] = _merged(world, record["produtos"], given)
    tell(world, "Alterada", world.store.put("purchase_orders", record["nCodPed"], changed))
    return _answer(changed, "Pedido de Compra alterado com sucesso!")


def _merged(world: World, present: list[Record], given: list[Record]) -> list[Record]:
    known = {item["nCodItem"]: item for item in present}
    known |= {item["nCodItem"]: item for item in _items(world, [_over(present, each) for each in given])}
    return list(known.values())


def _over(present: list[Record], item: Record) -> Record:
    for each in present:
        if item.get("nCodItem") == each["nCodItem"] or (
            item.get("cCodIntItem") and item.get("cCodIntItem") == each.get("cCodIntItem")
        ):
            return {**each, **item, "nCodItem": each["nCodItem"]}
    return item


@call(SERVICE, "ExcluirPedCompra", shape("com_pedido_excluir_request", "nCodPed:i cCodIntPed"), KEY, writes=True)
def exclude(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Removes an order."""
    record = found(world, param)
    world.store.remove("purchase_orders", record["nCodPed"])
    tell(world, "Excluida", record)
    return {name: value for name, value in _answer(record, "Pedido de Compra excluído com sucesso!").items()
            if name != "cNumero"}  # fmt: skip


@call(
    SERVICE, "ConsultarPedCompra", shape("com_pedido_consultar_request", "nCodPed:i cCodIntPed cNumero"),
    ("nCodPed", "cCodIntPed", "cNumero"),
)  # fmt: skip
def consult(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Describes an order; it tells the stage, and not whether the order is open."""
    return _shown(found(world, param))


def _shown(record: Record) -> Record:
    parts = ("cabecalho", "frete", "produtos", "parcelas", "departamentos")
    return {f"{part}_consulta": record[part] for part in parts}


@call(
    SERVICE,
    "PesquisarPedCompra",
    shape(
        "com_pedido_pesquisar_request",
        f"{paging.PURCHASES.request_tags} lApenasImportadoApi {' '.join(SITUATIONS.values())} dDataInicial:d"
        " dDataFinal:d lApenasAlterados:b",
    ),
)
def search(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists orders in the situations whose flags are set, newest first; without a flag it finds nothing."""
    wanted = {name for name, flag in SITUATIONS.items() if _is_set(param.get(flag))}
    records = [
        _shown(each)
        for each in world.store.rows("purchase_orders")
        if each["situation"] in wanted
        and within(each["cabecalho"]["dIncData"], param.get("dDataInicial"), param.get("dDataFinal"))
    ]
    records.sort(key=lambda each: int(each["cabecalho_consulta"]["nCodPed"]), reverse=True)
    echoed = {flag: param[flag] for flag in SITUATIONS.values() if flag in param}
    return {**echoed, **paging.page(records, param, paging.PURCHASES, "pedidos_pesquisa")}


def _is_set(flag: object) -> bool:
    return str(flag or "").upper() in TRUE


def end(world: World, record: Record, situation: str, reason: str) -> None:
    """Closes or cancels an order as a person does on the screen; raises Fault when it is over already."""
    if record["situation"] in FINAL:
        raise faults.client(102, f"O pedido de compra já está {record['situation']}!")
    world.store.put("purchase_orders", record["nCodPed"], {**record, "situation": situation, "reason": reason})
    tell(world, "Encerrada" if situation == "encerrado" else "Cancelada", record)


def receive(world: World, order: int, item: int, quantity: float) -> None:
    """Adds to what was received of an item, and moves the order's situation with it; a negative quantity takes back."""
    record = found(world, {"nCodPed": order})
    items = [
        {**each, "nQtdeRec": each["nQtdeRec"] + quantity} if each["nCodItem"] == item else each
        for each in record["produtos"]
    ]
    situation = record["situation"]
    if situation not in FINAL:
        complete = all(each["nQtdeRec"] >= each.get("nQtde", 0) for each in items)
        begun = any(each["nQtdeRec"] > 0 for each in items)
        situation = "recebido" if complete else "rec_parcial" if begun else "pendente"
    changed = {**record, "produtos": items, "situation": situation}
    tell(world, "Alterada", world.store.put("purchase_orders", order, changed))


def tell(world: World, what: str, record: Record) -> None:
    """Queues the event of an order."""
    header = record["cabecalho"]
    spelling = "cNúmero" if world.switches.accented_number else "cNumero"
    event = {"nCodPed": header["nCodPed"], spelling: header["cNumero"], "cEtapa": header["cEtapa"]}
    world.emit(f"CompraProduto.{what}", {"cabecalho": {**event, "cCodIntPed": header["cCodIntPed"]}})


def _answer(record: Record, text: str) -> dict[str, Any]:
    header = record["cabecalho"]
    named = {name: header[name] for name in (*KEY, "cNumero")}
    return {**named, "cCodStatus": "0", "cDescStatus": text}
