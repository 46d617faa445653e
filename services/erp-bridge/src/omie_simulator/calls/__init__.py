"""The methods of Omie's services, one module a service; importing a module makes its methods known."""

from omie_simulator.calls import (
    anexo,
    clientes,
    contapagar,
    estoque,
    faturamento,
    itens_pedido,
    movimentos,
    movimentos_estoque,
    pedidocompra,
    pedidos,
    produtos,
    recebimento,
    seed_dialect,
)

__all__ = [
    "anexo", "clientes", "contapagar", "estoque", "faturamento", "itens_pedido", "movimentos", "movimentos_estoque",
    "pedidocompra", "pedidos", "produtos", "recebimento", "seed_dialect",
]  # fmt: skip
