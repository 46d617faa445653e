"""The methods of Omie's API: all of them are there, with the fields that the simulator takes."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from erp_bridge.omie import api
from erp_bridge.omie.api.method import Listing, Read, Write
from omie_simulator import calls
from omie_simulator.tags import Shape
from omie_simulator.world import CALLS

DOCUMENTED = {
    "geral/anexo": "IncluirAnexo ConsultarAnexo ExcluirAnexo ListarAnexo ObterAnexo",
    "produtos/pedidocompra": "IncluirPedCompra AlteraPedCompra UpsertPedCompra ExcluirPedCompra ConsultarPedCompra"
    " PesquisarPedCompra",
    "produtos/recebimentonfe": "ListarRecebimentos ConsultarRecebimento ConcluirRecebimento AlterarEtapaRecebimento"
    " ReverterRecebimento AlterarRecebimento AlterarRecebimentoConcluido ExcluirRecebimento",
    "financas/contapagar": "IncluirContaPagar AlterarContaPagar ExcluirContaPagar ConsultarContaPagar UpsertContaPagar"
    " IncluirContaPagarPorLote UpsertContaPagarPorLote LancarPagamento CancelarPagamento ListarContasPagar",
    "financas/mf": "ListarMovimentos",
    "produtos/pedido": "IncluirPedido AlterarPedidoVenda ConsultarPedido ListarPedidos ExcluirPedido StatusPedido"
    " TrocarEtapaPedido AlterarPedFaturado SimularImpostos DevolverPedido",
    "produtos/pedidovendafat": "FaturarPedidoVenda ValidarPedidoVenda CancelarPedidoVenda DuplicarPedidoVenda"
    " AssociarCodIntPedidoVenda ObterPedidosVenda",
    "produtos/pedidovenda": "IncluirItemPedido AlterarItemPedido ExcluirItemPedido ExcluirItensPedido TotalizarPedido"
    " AdicionarPedido",
    "produtos/pedidoetapas": "ListarEtapasPedido",
    "produtos/etapafat": "ListarEtapasFaturamento",
    "geral/clientes": "IncluirCliente AlterarCliente ExcluirCliente ConsultarCliente ListarClientes"
    " ListarClientesResumido UpsertCliente UpsertClienteCpfCnpj AssociarCodIntCliente",
    "geral/produtos": "IncluirProduto AlterarProduto ExcluirProduto ConsultarProduto ListarProdutos"
    " ListarProdutosResumido UpsertProduto AssociarCodIntProduto",
    "estoque/consulta": "PosicaoEstoque ListarPosEstoque MovimentoEstoque ListarMovimentoEstoque ListarSaldoPendente",
    "estoque/ajuste": "IncluirAjusteEstoque ExcluirAjusteEstoque AlterarEstoqueMinimo ListarAjusteEstoque",
    "estoque/local": "ListarLocaisEstoque",
}
"""What omie-api.md 2 names."""
assert calls.__all__, "importing the modules makes their methods known"

Method = Read[Any] | Write[Any] | Listing[Any]


def methods() -> Iterator[Method]:
    """Every method."""
    for found in iter_modules(api.__path__):
        module = import_module(f"{api.__name__}.{found.name}")
        yield from (each for each in vars(module).values() if isinstance(each, Read | Write | Listing))


def fields(kind: Any) -> Any:
    """What a type has in it: the fields of a structure, the same in a list, or nothing."""
    if get_origin(kind) is list:
        return [fields(get_args(kind)[0])]
    return {name: fields(each) for name, each in get_type_hints(kind).items()} if is_typeddict(kind) else None


def tags(shape: Any) -> Any:
    """The same of a shape that the simulator takes."""
    if isinstance(shape, list):
        return [tags(shape[0])]
    return {name: tags(each) for name, each in shape.tags.items()} if isinstance(shape, Shape) else None


def test_every_documented_method_is_there_once() -> None:
    found = [(method.service, method.name) for method in methods()]
    assert sorted(found) == sorted((service, name) for service, names in DOCUMENTED.items() for name in names.split())


def test_the_simulator_has_every_documented_method_and_no_other() -> None:
    documented = {(service, name) for service, names in DOCUMENTED.items() for name in names.split()}
    assert set(CALLS) == documented


@pytest.mark.parametrize("method", list(methods()), ids=lambda method: method.name)
def test_a_method_takes_what_the_simulator_takes(method: Method) -> None:
    call = CALLS[method.service, method.name]
    given = dict(fields(method.takes))
    if isinstance(method, Listing):
        given |= dict.fromkeys([method.dialect.page, method.dialect.size])
    if method.name == "IncluirAnexo":
        # The text of the file goes beside the other fields, in pieces.
        given["cArquivo"] = None
    assert given == tags(call.shape)
    assert isinstance(method, Write) is call.writes
