"""produtos/pedido and its neighbours: sales orders, their stages, and their invoices (omie-api.md 2.5)."""

from typing import Required, TypedDict

from erp_bridge.omie import paging
from erp_bridge.omie.api.method import Date, Listing, Read, Whole, Write


class Header(TypedDict, total=False):
    """Who buys, and when and how it is to be delivered and paid."""

    codigo_pedido: Whole
    codigo_pedido_integracao: str
    numero_pedido: str
    codigo_cliente: Whole
    codigo_cliente_integracao: str
    data_previsao: Date
    etapa: str
    codigo_parcela: str
    qtde_parcelas: Whole
    origem_pedido: str
    quantidade_itens: Whole
    bloqueado: str


class ItemKey(TypedDict, total=False):
    """Which item: `acao_item` E removes it."""

    codigo_item: Whole
    codigo_item_integracao: str
    acao_item: str


class ItemProduct(TypedDict, total=False):
    """What is sold, how much of it, and at which price."""

    codigo_produto: Whole
    codigo_produto_integracao: str
    codigo: str
    descricao: str
    quantidade: float
    valor_unitario: float
    unidade: str
    ncm: str
    cfop: str
    tipo_desconto: str
    valor_desconto: float
    percentual_desconto: float
    valor_mercadoria: float


class ItemDetails(TypedDict, total=False):
    """From where an item is taken."""

    codigo_local_estoque: Whole
    dados_adicionais_item: str
    nao_gerar_financeiro: str


class ItemNote(TypedDict, total=False):
    """A note to an item."""

    obs_item: str


class Item(TypedDict, total=False):
    """An item of a sales order."""

    ide: ItemKey
    produto: ItemProduct
    inf_adic: ItemDetails
    observacao: ItemNote


class Freight(TypedDict, total=False):
    """How it is sent."""

    modalidade: str
    codigo_transportadora: Whole
    valor_frete: float
    valor_seguro: float
    outras_despesas: float


class Details(TypedDict, total=False):
    """How it is booked."""

    codigo_categoria: str
    codigo_conta_corrente: Whole
    consumidor_final: str
    enviar_email: str
    numero_pedido_cliente: str
    codProj: Whole
    codVend: Whole
    dados_adicionais_nf: str


class Instalment(TypedDict, total=False):
    """A part of the payment."""

    numero_parcela: Whole
    data_vencimento: Date
    valor: float
    percentual: float
    quantidade_dias: Whole
    meio_pagamento: str


class Instalments(TypedDict, total=False):
    """The parts of the payment, where `codigo_parcela` is 999."""

    parcela: list[Instalment]


class Notes(TypedDict, total=False):
    """Notes to the order."""

    obs_venda: str


class SalesOrder(TypedDict, total=False):
    """A sales order."""

    cabecalho: Required[Header]
    det: list[Item]
    frete: Freight
    informacoes_adicionais: Details
    lista_parcelas: Instalments
    observacoes: Notes


class Key(TypedDict, total=False):
    """A sales order by Omie's id, ours, or the number that people see."""

    codigo_pedido: Whole
    codigo_pedido_integracao: str
    numero_pedido: str


class IdKey(TypedDict, total=False):
    """A sales order by Omie's id or ours."""

    codigo_pedido: Whole
    codigo_pedido_integracao: str


class Filter(TypedDict, total=False):
    """Which sales orders to list."""

    apenas_importado_api: str
    ordenar_por: str
    ordem_decrescente: str
    etapa: str
    filtrar_por_cliente: Whole
    filtrar_por_vendedor: Whole
    filtrar_por_projeto: Whole
    filtrar_por_data_de: Date
    filtrar_por_data_ate: Date
    filtrar_por_hora_de: str
    filtrar_por_hora_ate: str
    filtrar_apenas_inclusao: str
    filtrar_apenas_alteracao: str
    numero_pedido_de: str
    numero_pedido_ate: str
    data_previsao_de: Date
    data_previsao_ate: Date
    data_faturamento_de: Date
    data_faturamento_ate: Date
    data_cancelamento_de: Date
    data_cancelamento_ate: Date
    status_pedido: str
    apenas_resumo: str


class StageChange(TypedDict, total=False):
    """A sales order and the stage that it is to have."""

    codigo_pedido: Whole
    codigo_pedido_integracao: str
    etapa: Required[str]


class InvoicingKey(TypedDict, total=False):
    """A sales order as the invoicing service names it."""

    nCodPed: Whole
    cCodIntPed: str


class StageFilter(TypedDict, total=False):
    """The stage whose sales orders are wanted."""

    cEtapa: Required[str]


class StagesFilter(TypedDict, total=False):
    """Which stages to list."""


class HistoryFilter(TypedDict, total=False):
    """Which changes of stage to list."""

    dDtInicial: Date
    dDtFinal: Date
    cHrInicial: str
    cHrFinal: str
    nCodPed: Whole
    cCodIntPed: str
    cEtapa: str


class BilledAlteration(TypedDict, total=False):
    """What may still be changed of an invoiced order."""

    codigo_pedido: Whole
    codigo_pedido_integracao: str
    numero_pedido: str
    codigo_rastreio: str
    link_rastreio: str
    previsao_entrega: Date
    obs_venda: str


class ReturnedItem(TypedDict, total=False):
    """A product that comes back, and how much of it: all that was sold unless said."""

    codigo_produto: Whole
    quantidade: float


class Return(TypedDict, total=False):
    """An invoiced order that comes back: as a whole, or one product of it."""

    codigo_pedido: Whole
    codigo_pedido_integracao: str
    itens: ReturnedItem


class SimulatedFreight(TypedDict, total=False):
    """What sending it would cost."""

    valor_frete: float
    valor_seguro: float
    outras_despesas: float


class SimulatedProduct(TypedDict, total=False):
    """What would be sold, how much of it, and at which price."""

    codigo_produto: Whole
    codigo_produto_integracao: str
    codigo_item_integracao: Whole
    quantidade: float
    valor_unitario: float
    valor_desconto: float


class SimulatedItem(TypedDict, total=False):
    """An item of a sale that need not come about."""

    codigo_cenario_impostos_item: Whole
    produto_simul: SimulatedProduct


class TaxQuestion(TypedDict, total=False):
    """A sale whose taxes are wanted."""

    codigo_cliente: Whole
    codigo_cliente_integracao: str
    consumidor_final: Required[str]
    uf_entrega: str
    indPresenca: str
    frete_simul: SimulatedFreight
    det_simul: Required[list[SimulatedItem]]


incluir_pedido = Write(SalesOrder, "produtos/pedido", "IncluirPedido")
alterar_pedido_venda = Write(SalesOrder, "produtos/pedido", "AlterarPedidoVenda")
consultar_pedido = Read(Key, "produtos/pedido", "ConsultarPedido")
status_pedido = Read(IdKey, "produtos/pedido", "StatusPedido")
listar_pedidos = Listing(Filter, "produtos/pedido", "ListarPedidos", paging.SNAKE, "pedido_venda_produto")
excluir_pedido = Write(IdKey, "produtos/pedido", "ExcluirPedido")
trocar_etapa_pedido = Write(StageChange, "produtos/pedido", "TrocarEtapaPedido")
faturar_pedido_venda = Write(InvoicingKey, "produtos/pedidovendafat", "FaturarPedidoVenda")
cancelar_pedido_venda = Write(InvoicingKey, "produtos/pedidovendafat", "CancelarPedidoVenda")
obter_pedidos_venda = Read(StageFilter, "produtos/pedidovendafat", "ObterPedidosVenda")
listar_etapas_faturamento = Listing(
    StagesFilter, "produtos/etapafat", "ListarEtapasFaturamento", paging.SNAKE, "cadastros"
)
listar_etapas_pedido = Listing(
    HistoryFilter, "produtos/pedidoetapas", "ListarEtapasPedido", paging.SHORT, "etapasPedido"
)
validar_pedido_venda = Read(InvoicingKey, "produtos/pedidovendafat", "ValidarPedidoVenda")
duplicar_pedido_venda = Write(InvoicingKey, "produtos/pedidovendafat", "DuplicarPedidoVenda")
associar_cod_int_pedido_venda = Write(InvoicingKey, "produtos/pedidovendafat", "AssociarCodIntPedidoVenda")
alterar_ped_faturado = Write(BilledAlteration, "produtos/pedido", "AlterarPedFaturado")
devolver_pedido = Write(Return, "produtos/pedido", "DevolverPedido")
simular_impostos = Read(TaxQuestion, "produtos/pedido", "SimularImpostos")
