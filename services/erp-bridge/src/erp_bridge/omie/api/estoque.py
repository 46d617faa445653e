"""estoque/consulta, ajuste, local: stock (omie-api.md 2.8)."""

from typing import Required, TypedDict

from erp_bridge.omie import paging
from erp_bridge.omie.api.method import Date, Listing, Read, Whole, Write


class PositionKey(TypedDict, total=False):
    """A product, a day, and a location."""

    id_prod: Whole
    cod_int: str
    data: Date
    codigo_local_estoque: Whole
    apenas_saldo: str


class ProductKey(TypedDict, total=False):
    """A product by Omie's id, ours, or its SKU."""

    nCodProd: Whole
    cCodInt: str
    cCodigo: str


class PositionFilter(TypedDict, total=False):
    """Which positions to list."""

    dDataPosicao: Required[Date]
    cExibeTodos: str
    codigo_local_estoque: Whole
    cExibeApenasPDV: str
    cExibeApenasMarketplace: str
    lista_local_estoque: str
    cTipoItem: str
    lista_produtos: list[ProductKey]


class Adjustment(TypedDict, total=False):
    """A movement of stock; `cod_int_ajuste` makes it safe to repeat."""

    codigo_local_estoque: Whole
    id_prod: Whole
    cod_int: str
    cod_int_ajuste: str
    data: Required[Date]
    tipo: Required[str]
    quan: Required[float]
    valor: Required[float]
    obs: Required[str]
    origem: Required[str]
    motivo: Required[str]
    codigo_local_estoque_destino: Whole


class AdjustmentKey(TypedDict, total=False):
    """An adjustment."""

    id_ajuste: Required[Whole]


class AdjustmentFilter(TypedDict, total=False):
    """Which adjustments to list."""

    data_movimento_de: Date
    data_movimento_ate: Date


class LocationFilter(TypedDict, total=False):
    """Which locations to list."""


class Minimum(TypedDict, total=False):
    """How much of a product there should always be at a location."""

    id_prod: Whole
    cod_int: str
    quan_min: Required[float]
    codigo_local_estoque: Whole


class MovementKey(TypedDict, total=False):
    """A product and a period; `tipo_movimento` E are entries, S are exits."""

    id_prod: Whole
    cod_int: str
    dataInicial: Required[Date]
    dataFinal: Required[Date]
    tipo_movimento: str
    codigo_local_estoque: Whole


class MovementFilter(TypedDict, total=False):
    """Which movements to list."""

    idProd: Whole
    cCodInt: str
    dDtInicial: Required[Date]
    dDtFinal: Required[Date]
    codigo_local_estoque: Whole
    lista_local_estoque: str


class PendingFilter(TypedDict, total=False):
    """Which pending quantities to list: `tipo` entrada or saida."""

    codigo_local_estoque: Whole
    lista_local_estoque: str
    id_prod: Whole
    tipo: str


posicao_estoque = Read(PositionKey, "estoque/consulta", "PosicaoEstoque")
listar_pos_estoque = Listing(PositionFilter, "estoque/consulta", "ListarPosEstoque", paging.SHORT, "produtos")
incluir_ajuste_estoque = Write(Adjustment, "estoque/ajuste", "IncluirAjusteEstoque")
excluir_ajuste_estoque = Write(AdjustmentKey, "estoque/ajuste", "ExcluirAjusteEstoque")
listar_ajuste_estoque = Listing(
    AdjustmentFilter, "estoque/ajuste", "ListarAjusteEstoque", paging.SNAKE, "ajuste_estoque_lista"
)
listar_locais_estoque = Listing(
    LocationFilter, "estoque/local", "ListarLocaisEstoque", paging.SHORT, "locaisEncontrados"
)
alterar_estoque_minimo = Write(Minimum, "estoque/ajuste", "AlterarEstoqueMinimo")
movimento_estoque = Read(MovementKey, "estoque/consulta", "MovimentoEstoque")
listar_movimento_estoque = Listing(
    MovementFilter, "estoque/consulta", "ListarMovimentoEstoque", paging.SHORT, "movProdutoListar"
)
listar_saldo_pendente = Listing(
    PendingFilter, "estoque/consulta", "ListarSaldoPendente", paging.SNAKE, "saldo_pendente_lista"
)
