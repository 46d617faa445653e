"""produtos/recebimentonfe: goods receipts, born from imported invoices and turned into payables (omie-api.md 2.3)."""

from typing import Any

from omie_simulator import faults, paging
from omie_simulator.calls import contapagar, estoque, pedidocompra
from omie_simulator.store import Record
from omie_simulator.tags import Shape, shape
from omie_simulator.world import World, call, within

SERVICE = "produtos/recebimentonfe"
TO_RECEIVE, RECEIVED, CHECKED = "40", "60", "80"
KEY = ("nIdReceb", "cChaveNfe")
ACTIONS = ("NOVO", "ASSOCIAR-PRODUTO", "ASSOCIAR-PEDIDO", "IGNORAR", "EDITAR")
ADDITIONAL = "cCategCompra nIdConta:i dRegistro:d nIdComprador:i nIdProjeto:i"
PARCELS = shape(
    "parcelasEditar", "cCodParcela nQtdParcela:i",
    parcelasLista=[shape("parcelasLista", "nSequencia:i dVencimento:d vParcela:n pParcela:n cTipoDocumento")],
)  # fmt: skip
ITEM = shape(
    "itensRecebimentoEditar",
    itensIde=shape(
        "itensIde",
        "nSequencia:i cAcao nIdProdutoExistente:i nIdPedidoExistente:i nIdItPedidoExistente:i",
    ),
    itensAjustes=shape(
        "itensAjustes",
        "cNaoGerarFinanceiro cNaoGerarMovEstoque nQtdeRecebida:n codigo_local_estoque:i cUnidade cCFOPEntrada",
    ),
    itensInfoAdicEditar=shape("itensInfoAdicEditar", "nNumPedCompra cNumItPedCompra"),
    itensAtualPreco=shape("itensAtualPreco", "cAtualizarPrecoVenda cAtualizarCusto"),
)


def _key(name: str, more: str = "cEtapa") -> Shape:
    return shape(name, f"nIdReceb:i cChaveNfe {more}")


def found(world: World, param: dict[str, Any]) -> Record:
    """Returns the receipt that id or access key names; raises Fault."""
    record = None
    if key := param.get("nIdReceb"):
        record = world.store.find("receipts", int(key))
    elif chave := param.get("cChaveNfe"):
        record = next((each for each in world.store.rows("receipts") if each["cabec"]["cChaveNfe"] == chave), None)
    if record is None:
        raise faults.client(5113, "Não foi possível encontrar os dados do Recebimento")
    return record


@call(
    SERVICE,
    "ListarRecebimentos",
    shape(
        "rcbtoListarRequest",
        f"{paging.RECEIPTS.request_tags} cOrdenarPor dtAltDe:d dtAltAte:d hrAltDe hrAltAte dtEmissaoDe:d dtEmissaoAte:d"
        " nIdFornecedor:i cEtapa cExibirDetalhes",
    ),
)
def list_receipts(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists receipts."""
    records = [each for each in world.store.rows("receipts") if _is_wanted(each, param)]
    if param.get("cOrdenarPor") == "CHAVE":
        records.sort(key=lambda each: str(each["cabec"]["cChaveNfe"]))
    shown = records if param.get("cExibirDetalhes") == "S" else [{"cabec": each["cabec"]} for each in records]
    return paging.page([_shown(each) for each in shown], param, paging.RECEIPTS, "recebimentos")


def _is_wanted(record: Record, param: dict[str, Any]) -> bool:
    header = record["cabec"]
    return (
        within(record["infoCadastro"]["dAlt"], param.get("dtAltDe"), param.get("dtAltAte"))
        and within(header["dEmissaoNFe"], param.get("dtEmissaoDe"), param.get("dtEmissaoAte"))
        and (not param.get("cEtapa") or header["cEtapa"] == param["cEtapa"])
        and (not param.get("nIdFornecedor") or header["nIdFornecedor"] == int(param["nIdFornecedor"]))
    )


@call(SERVICE, "ConsultarRecebimento", _key("rcbtoConsultarRequest", ""), KEY)
def consult(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Describes a receipt; its parcels name the payables."""
    return _shown(found(world, param))


def _shown(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "nIdReceb"}


@call(SERVICE, "ConcluirRecebimento", _key("rcbtoConcluirRequest"), KEY, writes=True)
def conclude_receipt(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Receives the goods: payables, stock, and the orders that items belong to."""
    record = found(world, param)
    if record["cabec"]["cEtapa"] != TO_RECEIVE:
        raise faults.client(102, "O recebimento já está concluído!")
    conclude(world, record)
    return _answer(record, "Recebimento concluído com sucesso!")


def conclude(world: World, record: Record) -> Record:
    """Moves a receipt to stage 60 with all that follows."""
    header, parcels = record["cabec"], record["parcelas"]["parcelasLista"]
    paid = [{**each, "nIdTitulo": _payable(world, record, each, len(parcels))} for each in parcels]
    _move(world, record, 1)
    changed = {
        **record,
        "cabec": {**header, "cEtapa": RECEIVED},
        "parcelas": {**record["parcelas"], "parcelasLista": paid},
        "infoCadastro": {**record["infoCadastro"], "cRecebido": "S", "dRec": world.clock.date()},
    }
    tell(world, "Concluido", world.store.put("receipts", header["nIdReceb"], changed))
    return changed


def _payable(world: World, record: Record, parcel: Record, count: int) -> int:
    header = record["cabec"]
    fields = {
        "codigo_cliente_fornecedor": header["nIdFornecedor"],
        "data_vencimento": parcel["dVencimento"],
        "data_previsao": parcel["dVencimento"],
        "data_emissao": header["dEmissaoNFe"],
        "valor_documento": parcel["vParcela"],
        "numero_documento_fiscal": header["cNumeroNFe"],
        "chave_nfe": header["cChaveNfe"],
        "numero_parcela": f"{parcel['nSequencia']:03}/{count:03}",
        "codigo_categoria": record["infoAdicionais"]["cCategCompra"],
        "id_conta_corrente": record["infoAdicionais"]["nIdConta"],
    }
    # Which of COMP and NFEP a payable from a receipt has is not known.
    made: int = contapagar.create(world, fields, "COMP")["codigo_lancamento_omie"]
    return made


def _move(world: World, record: Record, direction: int) -> None:
    for item in record["itensRecebimento"]:
        head, quantity = item["itensCabec"], direction * item["itensCabec"]["nQtdeNFe"]
        if head.get("cIgnorarItem") == "S":
            continue
        if order := head.get("nIdPedido"):
            pedidocompra.receive(world, order, head["nIdItPedido"], quantity)
        if (product := head.get("nIdProduto")) and item["itensAjustes"].get("cNaoGerarMovEstoque") != "S":
            estoque.move(world, product, quantity, item["itensAjustes"].get("codigo_local_estoque"))


@call(SERVICE, "ReverterRecebimento", _key("rcbtoReverterRequest"), KEY, writes=True)
def revert(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Takes a conclusion back: payables, stock, and what the orders had received."""
    record = found(world, param)
    if record["cabec"]["cEtapa"] == TO_RECEIVE:
        raise faults.client(102, "O recebimento não está concluído!")
    for parcel in record["parcelas"]["parcelasLista"]:
        if payable := world.store.find("payables", parcel.get("nIdTitulo", 0)):
            world.store.remove("payables", payable["codigo_lancamento_omie"])
            contapagar.tell(world, "Excluido", payable)
    _move(world, record, -1)
    bare = [{key: value for key, value in each.items() if key != "nIdTitulo"}
            for each in record["parcelas"]["parcelasLista"]]  # fmt: skip
    changed = {
        **record,
        "cabec": {**record["cabec"], "cEtapa": TO_RECEIVE},
        "parcelas": {**record["parcelas"], "parcelasLista": bare},
        "infoCadastro": {**record["infoCadastro"], "cRecebido": "N"},
    }
    tell(world, "Revertido", world.store.put("receipts", record["nIdReceb"], changed))
    return _answer(record, "Recebimento revertido com sucesso!")


@call(SERVICE, "AlterarEtapaRecebimento", _key("rcbtoAlterarEtapaRequest"), KEY, "cEtapa", writes=True)
def move_stage(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Moves a received receipt between its stages."""
    record = found(world, param)
    if param["cEtapa"] not in (TO_RECEIVE, RECEIVED, CHECKED):
        raise faults.client(105, f"A etapa [{param['cEtapa']}] é inválida! Valores aceitos: 40, 60, 80")
    if (record["cabec"]["cEtapa"] == TO_RECEIVE) != (param["cEtapa"] == TO_RECEIVE):
        raise faults.client(102, "Utilize ConcluirRecebimento ou ReverterRecebimento!")
    return _alter(world, record, {"cabec": {**record["cabec"], "cEtapa": param["cEtapa"]}})


@call(
    SERVICE,
    "AlterarRecebimento",
    shape(
        "rcbtoAlterarRequest",
        "cteCfopEntrada",
        ide=_key("ide", ""),
        parcelasEditar=PARCELS,
        departamentos=[shape("departamentos", "cCodDepto pPercentual:n vValor:n")],
        infoAdicionais=shape("infoAdicionais", ADDITIONAL),
        itensRecebimentoEditar=[ITEM],
        observacoes=shape("observacoes", "cObs"),
    ),
    "ide",
    writes=True,
)
def alter(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Changes a receipt that is not concluded; items are associated with orders here."""
    record = found(world, param["ide"])
    if record["cabec"]["cEtapa"] != TO_RECEIVE:
        raise faults.client(102, "O recebimento está concluído! Reverta-o antes de alterar.")
    items = record["itensRecebimento"]
    for edit in param.get("itensRecebimentoEditar", []):
        items = _edited(world, items, edit)
    more = {**record["infoAdicionais"], **param.get("infoAdicionais", {})}
    notes = param.get("observacoes", record["observacoes"])
    parcels = {**record["parcelas"], **param.get("parcelasEditar", {})}
    changes = {"itensRecebimento": items, "infoAdicionais": more, "observacoes": notes, "parcelas": parcels}
    return _alter(world, record, changes)


def _edited(world: World, items: list[Record], edit: Record) -> list[Record]:
    ide = edit.get("itensIde", {})
    if (action := ide.get("cAcao")) not in ACTIONS:
        raise faults.client(105, f"A ação [{action}] é inválida! Valores aceitos: {', '.join(ACTIONS)}")
    if not any(each["itensCabec"]["nSequencia"] == ide.get("nSequencia") for each in items):
        raise faults.client(103, f"Item não cadastrado para a sequência [{ide.get('nSequencia')}]!")
    changes: Record = {"cIgnorarItem": "S"} if action == "IGNORAR" else {}
    if action == "ASSOCIAR-PEDIDO":
        changes = _association(world, ide)
    elif action == "ASSOCIAR-PRODUTO":
        changes = {"nIdProduto": ide.get("nIdProdutoExistente"), "cAssociarExistente": "S"}
    return [
        {
            **each,
            "itensCabec": {**each["itensCabec"], **changes},
            "itensAjustes": {**each["itensAjustes"], **edit.get("itensAjustes", {})},
        }
        if each["itensCabec"]["nSequencia"] == ide["nSequencia"]
        else each
        for each in items
    ]


def _association(world: World, ide: Record) -> Record:
    order = pedidocompra.found(world, {"nCodPed": ide.get("nIdPedidoExistente")})
    if order["situation"] in pedidocompra.FINAL:
        raise faults.client(102, f"O pedido de compra está {order['situation']}!")
    for item in order["produtos"]:
        if item["nCodItem"] == ide.get("nIdItPedidoExistente"):
            association = {"nIdPedido": order["nCodPed"], "nIdItPedido": item["nCodItem"]}
            return {**association, "nIdProduto": item.get("nCodProd")}
    raise faults.client(103, f"Item do pedido não cadastrado para o Código [{ide.get('nIdItPedidoExistente')}]!")


@call(
    SERVICE,
    "AlterarRecebimentoConcluido",
    shape("rcbtoAlterarConcluidoRequest", ide=_key("ide", ""), infoAdicionais=shape("infoAdicionais", ADDITIONAL)),
    "ide",
    writes=True,
)
def alter_concluded(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Changes what may still be changed of a concluded receipt."""
    record = found(world, param["ide"])
    return _alter(world, record, {"infoAdicionais": {**record["infoAdicionais"], **param.get("infoAdicionais", {})}})


def _alter(world: World, record: Record, changes: Record) -> dict[str, Any]:
    stamp = {"dAlt": world.clock.date(), "hAlt": world.clock.time()}
    changed = {**record, **changes, "infoCadastro": {**record["infoCadastro"], **stamp}}
    tell(world, "Alterado", world.store.put("receipts", record["nIdReceb"], changed))
    return _answer(record, "Recebimento alterado com sucesso!")


@call(SERVICE, "ExcluirRecebimento", shape("rcbtoExcluirRequest", "nIdReceb:i"), "nIdReceb", writes=True)
def exclude(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Removes a receipt that is not concluded."""
    record = found(world, param)
    if record["cabec"]["cEtapa"] != TO_RECEIVE:
        raise faults.client(102, "O recebimento está concluído! Reverta-o antes de excluir.")
    world.store.remove("receipts", record["nIdReceb"])
    tell(world, "Excluido", record)
    return _answer(record, "Recebimento excluído com sucesso!")


def tell(world: World, what: str, record: Record) -> None:
    """Queues the event of a receipt; its names differ from those of the API."""
    header = record["cabec"]
    event = {
        "nIdReceb": header["nIdReceb"], "cNumeroNF": header["cNumeroNFe"], "cSerie": header["cSerieNFe"],
        "cModelo": header["cModeloNFe"], "cEtapa": header["cEtapa"], "cCNPJ": header["cCNPJ_CPF"],
        "cCodCateg": record["infoAdicionais"]["cCategCompra"], "dDataEmissao": header["dEmissaoNFe"],
        "dDataRegistro": record["infoCadastro"]["dInc"], "nCodCC": record["infoAdicionais"]["nIdConta"],
        "nCodFor": header["nIdFornecedor"], "nValorNF": header["nValorNFe"],
    }  # fmt: skip
    world.emit(f"RecebimentoProduto.{what}", {"cabecalho": event})


def _answer(record: Record, text: str) -> dict[str, Any]:
    return {"nIdReceb": record["nIdReceb"], "cCodStatus": "0", "cDescStatus": text}
