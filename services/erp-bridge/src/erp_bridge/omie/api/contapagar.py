"""financas/contapagar and financas/mf: payables (omie-api.md 2.4)."""

from typing import Required, TypedDict

from erp_bridge.omie import paging
from erp_bridge.omie.api.method import Date, Listing, Read, Whole, Write


class CategoryShare(TypedDict, total=False):
    """A part of the value, and its category."""

    codigo_categoria: str
    valor: float
    percentual: float


class DepartmentShare(TypedDict, total=False):
    """A part of the value, and its department."""

    cCodDep: str
    cDesDep: str
    nValDep: float
    nPerDep: float


class ServiceInvoice(TypedDict, total=False):
    """The invoice of a service that was taken."""

    numero_nf: str
    serie_nf: str
    codigo_servico: str
    valor_nf: float


class Payable(TypedDict, total=False):
    """A payable."""

    codigo_lancamento_omie: Whole
    codigo_lancamento_integracao: str
    codigo_cliente_fornecedor: Whole
    data_vencimento: Date
    valor_documento: float
    codigo_categoria: str
    data_previsao: Date
    id_conta_corrente: Whole
    numero_documento_fiscal: str
    chave_nfe: str
    numero_documento: str
    numero_pedido: str
    numero_parcela: str
    data_emissao: Date
    data_entrada: Date
    codigo_projeto: Whole
    codigo_tipo_documento: str
    observacao: str
    valor_pis: float
    valor_cofins: float
    valor_csll: float
    valor_ir: float
    valor_iss: float
    valor_inss: float
    retem_pis: str
    retem_cofins: str
    retem_csll: str
    retem_ir: str
    retem_iss: str
    retem_inss: str
    baixar_documento: str
    categorias: list[CategoryShare]
    distribuicao: list[DepartmentShare]
    servico_tomado: ServiceInvoice


class Key(TypedDict, total=False):
    """A payable by Omie's id or ours."""

    codigo_lancamento_omie: Whole
    codigo_lancamento_integracao: str


class Filter(TypedDict, total=False):
    """Which payables to list."""

    apenas_importado_api: str
    ordenar_por: str
    ordem_descrescente: str
    filtrar_por_data_de: Date
    filtrar_por_data_ate: Date
    filtrar_apenas_inclusao: str
    filtrar_apenas_alteracao: str
    filtrar_por_emissao_de: Date
    filtrar_por_emissao_ate: Date
    filtrar_por_registro_de: Date
    filtrar_por_registro_ate: Date
    filtrar_conta_corrente: Whole
    filtrar_cliente: Whole
    filtrar_por_cpf_cnpj: str
    filtrar_por_status: str
    filtrar_por_projeto: Whole
    filtrar_por_vendedor: Whole
    exibir_obs: str


class Payment(TypedDict, total=False):
    """A payment of a payable."""

    codigo_lancamento: Whole
    codigo_lancamento_integracao: str
    codigo_baixa_integracao: str
    codigo_conta_corrente: Whole
    valor: Required[float]
    desconto: float
    juros: float
    multa: float
    data: Date
    observacao: str
    conciliar_documento: str


class PaymentKey(TypedDict, total=False):
    """A payment."""

    codigo_baixa: Required[Whole]


class Batch(TypedDict, total=False):
    """Several payables, and the number of their batch."""

    lote: Whole
    conta_pagar_cadastro: Required[list[Payable]]


class MovementFilter(TypedDict, total=False):
    """Which movements of titles to list; `cTpLancamento` CP are payables, BXCP their payments."""

    cTpLancamento: str
    nCodTitulo: Whole
    cCodIntTitulo: str
    cNumTitulo: str
    nCodCliente: Whole
    cCPFCNPJCliente: str
    nCodCC: Whole
    cNumDocFiscal: str
    cCodCateg: str
    cNatureza: str
    cStatus: str
    dDtEmisDe: Date
    dDtEmisAte: Date
    dDtVencDe: Date
    dDtVencAte: Date
    dDtPrevDe: Date
    dDtPrevAte: Date
    dDtPagtoDe: Date
    dDtPagtoAte: Date


incluir_conta_pagar = Write(Payable, "financas/contapagar", "IncluirContaPagar")
alterar_conta_pagar = Write(Payable, "financas/contapagar", "AlterarContaPagar")
upsert_conta_pagar = Write(Payable, "financas/contapagar", "UpsertContaPagar")
excluir_conta_pagar = Write(Key, "financas/contapagar", "ExcluirContaPagar")
consultar_conta_pagar = Read(Key, "financas/contapagar", "ConsultarContaPagar")
listar_contas_pagar = Listing(Filter, "financas/contapagar", "ListarContasPagar", paging.SNAKE, "conta_pagar_cadastro")
lancar_pagamento = Write(Payment, "financas/contapagar", "LancarPagamento")
cancelar_pagamento = Write(PaymentKey, "financas/contapagar", "CancelarPagamento")
incluir_conta_pagar_por_lote = Write(Batch, "financas/contapagar", "IncluirContaPagarPorLote")
upsert_conta_pagar_por_lote = Write(Batch, "financas/contapagar", "UpsertContaPagarPorLote")
listar_movimentos = Listing(MovementFilter, "financas/mf", "ListarMovimentos", paging.SHORT, "movimentos")
