"""produtos/pedidocompra: purchase orders (omie-api.md 2.2)."""

from typing import Required, TypedDict

from erp_bridge.omie import paging
from erp_bridge.omie.api.method import Date, Listing, Read, Whole, Write


class Header(TypedDict, total=False):
    """Who supplies, and when and how it is to be delivered and paid."""

    nCodPed: Whole
    cCodIntPed: str
    dDtPrevisao: Date
    cCodParc: str
    nQtdeParc: Whole
    cCnpjCpfFor: str
    nCodFor: Whole
    cCodIntFor: str
    cCodCateg: str
    nCodCompr: Whole
    cContato: str
    cContrato: str
    nCodCC: Whole
    nCodIntCC: str
    nCodProj: Whole
    cNumPedido: str
    cObs: str
    cObsInt: str
    cEmailAprovador: str


class Freight(TypedDict, total=False):
    """How it is sent."""

    nCodTransp: Whole
    cCodIntTransp: str
    cTpFrete: str
    cPlaca: str
    cUF: str
    nQtdVol: Whole
    cEspVol: str
    cMarVol: str
    cNumVol: str
    nPesoLiq: float
    nPesoBruto: float
    nValFrete: float
    nValSeguro: float
    cLacre: str
    nValOutras: float


class Item(TypedDict, total=False):
    """What is bought, how much of it, and at which price."""

    cCodIntItem: str
    nCodItem: Whole
    cCodIntProd: str
    nCodProd: Whole
    cProduto: str
    cDescricao: str
    cNCM: str
    cUnidade: str
    cEAN: str
    nPesoLiq: float
    nPesoBruto: float
    nQtde: float
    nValUnit: float
    nDesconto: float
    nValorIcms: float
    nValorSt: float
    nValorIpi: float
    nValorPis: float
    nValorCofins: float
    cObs: str
    cMkpAtuPv: str
    cMkpAtuSm: str
    nMkpPerc: float
    codigo_local_estoque: Whole
    cCodCateg: str


class DepartmentShare(TypedDict, total=False):
    """A part of the value, and its department."""

    cCodDepto: str
    nPerc: float


class Parcel(TypedDict, total=False):
    """A part of the payment."""

    nParcela: Whole
    dVencto: Date
    nValor: float
    nDias: Whole
    nPercent: float
    cTipoDoc: str


class Inclusion(TypedDict, total=False):
    """A purchase order to add."""

    cabecalho_incluir: Required[Header]
    frete_incluir: Freight
    produtos_incluir: Required[list[Item]]
    departamentos_incluir: list[DepartmentShare]
    parcelas_incluir: list[Parcel]


class Alteration(TypedDict, total=False):
    """A purchase order to change."""

    cabecalho_alterar: Required[Header]
    frete_alterar: Freight
    produtos_alterar: list[Item]
    departamentos_alterar: list[DepartmentShare]
    parcelas_alterar: list[Parcel]


class Upsert(TypedDict, total=False):
    """A purchase order to add or change."""

    cabecalho_upsert: Required[Header]
    frete_upsert: Freight
    produtos_upsert: list[Item]
    departamentos_upsert: list[DepartmentShare]
    parcelas_upsert: list[Parcel]


class IdKey(TypedDict, total=False):
    """A purchase order by Omie's id or ours."""

    nCodPed: Whole
    cCodIntPed: str


class Key(TypedDict, total=False):
    """A purchase order by Omie's id, ours, or the number that people see."""

    nCodPed: Whole
    cCodIntPed: str
    cNumero: str


class Filter(TypedDict, total=False):
    """Which purchase orders to list: without one of the `lExibir…` flags none is found."""

    lApenasImportadoApi: str
    lExibirPedidosPendentes: str
    lExibirPedidosFaturados: str
    lExibirPedidosRecebidos: str
    lExibirPedidosCancelados: str
    lExibirPedidosEncerrados: str
    lExibirPedidosRecParciais: str
    lExibirPedidosFatParciais: str
    dDataInicial: Date
    dDataFinal: Date
    lApenasAlterados: bool


incluir_ped_compra = Write(Inclusion, "produtos/pedidocompra", "IncluirPedCompra")
altera_ped_compra = Write(Alteration, "produtos/pedidocompra", "AlteraPedCompra")
upsert_ped_compra = Write(Upsert, "produtos/pedidocompra", "UpsertPedCompra")
excluir_ped_compra = Write(IdKey, "produtos/pedidocompra", "ExcluirPedCompra")
consultar_ped_compra = Read(Key, "produtos/pedidocompra", "ConsultarPedCompra")
pesquisar_ped_compra = Listing(
    Filter, "produtos/pedidocompra", "PesquisarPedCompra", paging.PURCHASES, "pedidos_pesquisa"
)
