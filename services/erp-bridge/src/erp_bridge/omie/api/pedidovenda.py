"""produtos/pedidovenda: sales orders item by item, without the nesting of produtos/pedido (omie-api.md 2.5)."""

from typing import Required, TypedDict

from erp_bridge.omie.api.method import Date, Whole, Write


class Item(TypedDict, total=False):
    """An item of a sales order: `tipo_desconto` V is a value, P a part in hundredths."""

    codigo_item_integracao: str
    codigo_produto: Whole
    quantidade: float
    cfop: str
    valor_unitario: float
    tipo_desconto: str
    valor_desconto: float
    percentual_desconto: float
    codigo_local_estoque: Whole
    dados_adicionais_item: str
    nao_gerar_financeiro: str
    obs_item: str


class Inclusion(Item, total=False):
    """An item to add, and its order."""

    codigo_pedido: Required[Whole]


class Alteration(Inclusion, total=False):
    """What to change of an item, by Omie's id or ours."""

    codigo_item: Whole


class ItemKey(TypedDict, total=False):
    """An item by Omie's id or ours, and its order."""

    codigo_pedido: Required[Whole]
    codigo_item: Whole
    codigo_item_integracao: str


class Key(TypedDict):
    """A sales order by Omie's id."""

    codigo_pedido: Whole


class SalesOrder(TypedDict, total=False):
    """A sales order with its items."""

    codigo_pedido_integracao: Required[str]
    codigo_cliente: Whole
    codigo_cliente_integracao: str
    data_previsao: Required[Date]
    etapa: Required[str]
    codigo_parcela: Required[str]
    origem_pedido: str
    codigo_categoria: Required[str]
    codigo_conta_corrente: Required[Whole]
    consumidor_final: Required[str]
    enviar_email: str
    numero_pedido_cliente: str
    codProj: Whole
    codVend: Whole
    dados_adicionais_nf: str
    itens: Required[list[Item]]


adicionar_pedido = Write(SalesOrder, "produtos/pedidovenda", "AdicionarPedido")
incluir_item_pedido = Write(Inclusion, "produtos/pedidovenda", "IncluirItemPedido")
alterar_item_pedido = Write(Alteration, "produtos/pedidovenda", "AlterarItemPedido")
excluir_item_pedido = Write(ItemKey, "produtos/pedidovenda", "ExcluirItemPedido")
excluir_itens_pedido = Write(Key, "produtos/pedidovenda", "ExcluirItensPedido")
totalizar_pedido = Write(Key, "produtos/pedidovenda", "TotalizarPedido")
