"""produtos/recebimentonfe: receipts of goods (omie-api.md 2.3)."""

from typing import Required, TypedDict

from erp_bridge.omie import paging
from erp_bridge.omie.api.method import Date, Listing, Read, Whole, Write


class Filter(TypedDict, total=False):
    """Which receipts to list."""

    cOrdenarPor: str
    dtAltDe: Date
    dtAltAte: Date
    hrAltDe: str
    hrAltAte: str
    dtEmissaoDe: Date
    dtEmissaoAte: Date
    nIdFornecedor: Whole
    cEtapa: str
    cExibirDetalhes: str


class Key(TypedDict, total=False):
    """A receipt by id or by the access key of its invoice."""

    nIdReceb: Whole
    cChaveNfe: str


class StageChange(TypedDict, total=False):
    """A receipt and the stage that it is to have."""

    nIdReceb: Whole
    cChaveNfe: str
    cEtapa: str


class Parcel(TypedDict, total=False):
    """A part of the payment."""

    nSequencia: Whole
    dVencimento: Date
    vParcela: float
    pParcela: float
    cTipoDocumento: str


class Parcels(TypedDict, total=False):
    """The parts of the payment."""

    cCodParcela: str
    nQtdParcela: Whole
    parcelasLista: list[Parcel]


class DepartmentShare(TypedDict, total=False):
    """A part of the value, and its department."""

    cCodDepto: str
    pPercentual: float
    vValor: float


class Details(TypedDict, total=False):
    """How it is booked."""

    cCategCompra: str
    nIdConta: Whole
    dRegistro: Date
    nIdComprador: Whole
    nIdProjeto: Whole


class ItemAction(TypedDict, total=False):
    """What is to become of an item: `cAcao` ASSOCIAR-PEDIDO links it to that of an order."""

    nSequencia: Whole
    cAcao: str
    nIdProdutoExistente: Whole
    nIdPedidoExistente: Whole
    nIdItPedidoExistente: Whole


class ItemAdjustment(TypedDict, total=False):
    """How an item is received."""

    cNaoGerarFinanceiro: str
    cNaoGerarMovEstoque: str
    nQtdeRecebida: float
    codigo_local_estoque: Whole
    cUnidade: str
    cCFOPEntrada: str


class ItemDetails(TypedDict, total=False):
    """The order that an item refers to."""

    nNumPedCompra: str
    cNumItPedCompra: str


class ItemPricing(TypedDict, total=False):
    """Whether an item changes prices."""

    cAtualizarPrecoVenda: str
    cAtualizarCusto: str


class ItemAlteration(TypedDict, total=False):
    """What to change of an item."""

    itensIde: ItemAction
    itensAjustes: ItemAdjustment
    itensInfoAdicEditar: ItemDetails
    itensAtualPreco: ItemPricing


class Notes(TypedDict, total=False):
    """Notes to the receipt."""

    cObs: str


class Alteration(TypedDict, total=False):
    """What to change of a receipt that is not concluded."""

    cteCfopEntrada: str
    ide: Required[Key]
    parcelasEditar: Parcels
    departamentos: list[DepartmentShare]
    infoAdicionais: Details
    itensRecebimentoEditar: list[ItemAlteration]
    observacoes: Notes


class LateAlteration(TypedDict, total=False):
    """What may still be changed of a concluded receipt."""

    ide: Required[Key]
    infoAdicionais: Details


class IdKey(TypedDict, total=False):
    """A receipt by id."""

    nIdReceb: Required[Whole]


listar_recebimentos = Listing(Filter, "produtos/recebimentonfe", "ListarRecebimentos", paging.RECEIPTS, "recebimentos")
consultar_recebimento = Read(Key, "produtos/recebimentonfe", "ConsultarRecebimento")
concluir_recebimento = Write(StageChange, "produtos/recebimentonfe", "ConcluirRecebimento")
reverter_recebimento = Write(StageChange, "produtos/recebimentonfe", "ReverterRecebimento")
alterar_etapa_recebimento = Write(StageChange, "produtos/recebimentonfe", "AlterarEtapaRecebimento")
alterar_recebimento = Write(Alteration, "produtos/recebimentonfe", "AlterarRecebimento")
alterar_recebimento_concluido = Write(LateAlteration, "produtos/recebimentonfe", "AlterarRecebimentoConcluido")
excluir_recebimento = Write(IdKey, "produtos/recebimentonfe", "ExcluirRecebimento")
