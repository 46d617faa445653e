"""geral/produtos: products (omie-api.md 2.7)."""

from typing import TypedDict

from erp_bridge.omie import paging
from erp_bridge.omie.api.method import Date, Listing, Read, Whole, Write


class Product(TypedDict, total=False):
    """A product."""

    codigo_produto: Whole
    codigo_produto_integracao: str
    codigo: str
    descricao: str
    unidade: str
    ncm: str
    valor_unitario: float
    ean: str
    tipoItem: str
    inativo: str
    peso_liq: float
    peso_bruto: float
    marca: str
    modelo: str
    descr_detalhada: str
    obs_internas: str
    cfop: str
    codigo_familia: Whole
    bloqueado: str


class Key(TypedDict, total=False):
    """A product by Omie's id, the SKU that it shows, or our id."""

    codigo_produto: Whole
    codigo_produto_integracao: str
    codigo: str


class Filter(TypedDict, total=False):
    """Which products to list; without `filtrar_apenas_omiepdv: N` some are hidden."""

    apenas_importado_api: str
    ordenar_por: str
    ordem_decrescente: str
    filtrar_por_data_de: Date
    filtrar_por_data_ate: Date
    filtrar_apenas_inclusao: str
    filtrar_apenas_alteracao: str
    filtrar_apenas_omiepdv: str
    filtrar_apenas_descricao: str
    filtrar_apenas_familia: str
    filtrar_apenas_tipo: str
    inativo: str
    exibir_caracteristicas: str
    exibir_obs: str
    exibir_kit: str
    produtosPorCodigo: list[Key]


incluir_produto = Write(Product, "geral/produtos", "IncluirProduto")
alterar_produto = Write(Product, "geral/produtos", "AlterarProduto")
upsert_produto = Write(Product, "geral/produtos", "UpsertProduto")
associar_cod_int_produto = Write(Key, "geral/produtos", "AssociarCodIntProduto")
excluir_produto = Write(Key, "geral/produtos", "ExcluirProduto")
consultar_produto = Read(Key, "geral/produtos", "ConsultarProduto")
listar_produtos = Listing(Filter, "geral/produtos", "ListarProdutos", paging.SNAKE, "produto_servico_cadastro")
listar_produtos_resumido = Listing(
    Filter, "geral/produtos", "ListarProdutosResumido", paging.SNAKE, "produto_servico_resumido"
)
