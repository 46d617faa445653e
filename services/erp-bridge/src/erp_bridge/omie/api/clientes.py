"""geral/clientes: customers and suppliers (omie-api.md 2.6)."""

from typing import TypedDict

from erp_bridge.omie import paging
from erp_bridge.omie.api.method import Date, Listing, Read, Whole, Write


class Tag(TypedDict, total=False):
    """A word that customers are grouped by."""

    tag: str


class Customer(TypedDict, total=False):
    """A customer or supplier."""

    codigo_cliente_omie: Whole
    codigo_cliente_integracao: str
    razao_social: str
    cnpj_cpf: str
    nome_fantasia: str
    telefone1_ddd: str
    telefone1_numero: str
    contato: str
    endereco: str
    endereco_numero: str
    bairro: str
    complemento: str
    estado: str
    cidade: str
    cep: str
    codigo_pais: str
    email: str
    homepage: str
    observacao: str
    inscricao_municipal: str
    inscricao_estadual: str
    pessoa_fisica: str
    optante_simples_nacional: str
    contribuinte: str
    inativo: str
    tags: list[Tag]


class Key(TypedDict, total=False):
    """A customer by Omie's id or ours."""

    codigo_cliente_omie: Whole
    codigo_cliente_integracao: str


class FieldFilter(TypedDict, total=False):
    """What customers must have in their fields."""

    codigo_cliente_omie: Whole
    codigo_cliente_integracao: str
    cnpj_cpf: str
    razao_social: str
    nome_fantasia: str
    endereco: str
    bairro: str
    cidade: str
    estado: str
    cep: str
    contato: str
    email: str
    homepage: str
    inscricao_municipal: str
    inscricao_estadual: str
    pessoa_fisica: str
    inativo: str
    tags: list[Tag]


class Filter(TypedDict, total=False):
    """Which customers to list."""

    apenas_importado_api: str
    ordenar_por: str
    ordem_decrescente: str
    filtrar_por_data_de: Date
    filtrar_por_data_ate: Date
    filtrar_por_hora_de: str
    filtrar_por_hora_ate: str
    filtrar_apenas_inclusao: str
    filtrar_apenas_alteracao: str
    exibir_caracteristicas: str
    exibir_obs: str
    clientesFiltro: FieldFilter
    clientesPorCodigo: list[Key]


incluir_cliente = Write(Customer, "geral/clientes", "IncluirCliente")
alterar_cliente = Write(Customer, "geral/clientes", "AlterarCliente")
upsert_cliente = Write(Customer, "geral/clientes", "UpsertCliente")
upsert_cliente_cpf_cnpj = Write(Customer, "geral/clientes", "UpsertClienteCpfCnpj")
associar_cod_int_cliente = Write(Key, "geral/clientes", "AssociarCodIntCliente")
excluir_cliente = Write(Key, "geral/clientes", "ExcluirCliente")
consultar_cliente = Read(Key, "geral/clientes", "ConsultarCliente")
listar_clientes = Listing(Filter, "geral/clientes", "ListarClientes", paging.SNAKE, "clientes_cadastro")
listar_clientes_resumido = Listing(
    Filter, "geral/clientes", "ListarClientesResumido", paging.SNAKE, "clientes_cadastro_resumido"
)
