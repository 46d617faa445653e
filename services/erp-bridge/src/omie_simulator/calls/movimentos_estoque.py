"""estoque/consulta: what moved, and what is still to come or go (omie-api.md 2.8)."""

from collections.abc import Iterator
from typing import Any

from omie_simulator import faults, paging
from omie_simulator.calls import estoque, pedidocompra, produtos
from omie_simulator.store import Record
from omie_simulator.tags import shape
from omie_simulator.world import LOCATION, World, call, date_of, within

OPERATIONS = {
    "": ("21", "Compra de Produto"), "ajuste": ("00", "Ajuste de Estoque"), "faturamento": ("11", "Venda de Produto"),
    "devolucao": ("13", "Devolução de Venda"),
}  # fmt: skip
"""Number and name of an operation, by the origin that a movement notes."""
BEFORE, IN, OUT, AFTER = "Anterior", "Entrada", "Saída", "Atual"
DIRECTIONS = {"E": "entrada", "S": "saida"}
PENDING = ("ENTRADA", "SAIDA", "TODOS")


def _lines(world: World, product: int) -> Iterator[Record]:
    """Yields a product's movements, oldest first, each with the balance after it."""
    known = produtos.found(world, {"codigo_produto": product})
    here = (product, LOCATION)
    moved = [each for each in world.store.rows("stock_movements") if (each["id_prod"], each["local"]) == here]
    balance = 0.0
    for each in sorted(moved, key=lambda movement: date_of(movement["data"])):
        balance += each["quantity"]
        number, name = OPERATIONS[each["origin"]]
        yield {
            "idMov": each["id_movest"], "dtMov": each["data"], "codOrigem": number, "desOrigem": name, "operacao": number,
            "cancelamento": "N", "devolucao": "S" if each["origin"] == "devolucao" else "N", "idProd": product,
            "codigo_local_estoque": each["local"], "descricao": known["descricao"], "cmc": 0, "valor": 0, "saldo": balance,
            "tipo": DIRECTIONS["E" if each["quantity"] >= 0 else "S"], "qtde": abs(each["quantity"]),
        }  # fmt: skip


def _within(lines: Iterator[Record], lower: Any, upper: Any) -> list[Record]:
    return [each for each in lines if within(each["dtMov"], lower, upper)]


@call(
    estoque.CONSULT,
    "MovimentoEstoque",
    shape(
        "estoqueMovimentoRequest", "id_prod:i cod_int dataInicial:d dataFinal:d tipo_movimento codigo_local_estoque:i"
    ),
    ("id_prod", "cod_int"),
    "dataInicial",
    "dataFinal",
)
def movements_of(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Tells what moved of one product, each time with what was there before and after."""
    product, location = estoque.product_of(world, param), estoque.location_of(param)
    wanted = str(param.get("tipo_movimento") or "")
    if wanted not in ("", *DIRECTIONS):
        raise faults.client(105, f"O tipo de movimento [{wanted}] é inválido! Valores aceitos: {', '.join(DIRECTIONS)}")
    lines = _within(_lines(world, product["codigo_produto"]), param["dataInicial"], param["dataFinal"])
    return {
        "codigo_local_estoque": location, "id_prod": product["codigo_produto"],
        "cod_int": product["codigo_produto_integracao"], "descricao": product["descricao"],
        "movProduto": [_in_period(each) for each in lines if not wanted or each["tipo"] == DIRECTIONS[wanted]],
    }  # fmt: skip


def _in_period(line: Record) -> Record:
    enters = line["tipo"] == DIRECTIONS["E"]
    steps = {
        BEFORE: line["saldo"] - line["qtde"] if enters else line["saldo"] + line["qtde"],
        IN if enters else OUT: line["qtde"],
        AFTER: line["saldo"],
    }
    named = ("idMov", "dtMov", "codOrigem", "desOrigem", "operacao", "cancelamento", "devolucao")
    period = [{"tipo": name, "qtde": value, "cmcUnitario": 0, "cmcTotal": 0} for name, value in steps.items()]
    return {**{name: line[name] for name in named}, "movPeriodo": period}


@call(
    estoque.CONSULT,
    "ListarMovimentoEstoque",
    shape(
        "ListarMovEstoqueRequest",
        f"{paging.SHORT.request_tags} idProd:i cCodInt dDtInicial:d dDtFinal:d codigo_local_estoque:i lista_local_estoque",
    ),
    "dDtInicial",
    "dDtFinal",
)
def list_movements(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists what moved, of one product or of all."""
    estoque.location_of(param)
    lines = [
        each
        for product in _products(world, param.get("idProd"), param.get("cCodInt"))
        for each in _within(_lines(world, product), param["dDtInicial"], param["dDtFinal"])
    ]
    return paging.page(lines, param, paging.SHORT, "movProdutoListar")


def _products(world: World, key: Any, code: Any = None) -> list[int]:
    if key or code:
        return [produtos.found(world, {"codigo_produto": key, "codigo_produto_integracao": code})["codigo_produto"]]
    return [each["codigo_produto"] for each in world.store.rows("products")]


@call(
    estoque.CONSULT,
    "ListarSaldoPendente",
    shape(
        "estoque_listar_pendente_request",
        f"{paging.SNAKE.request_tags} codigo_local_estoque:i lista_local_estoque id_prod:i tipo",
    ),
)
def list_pending(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists what open sales orders will take, and what open purchase orders will bring."""
    estoque.location_of(param)
    wanted = str(param.get("tipo") or PENDING[-1]).upper()
    if wanted not in PENDING:
        raise faults.client(105, f"O tipo [{wanted}] é inválido! Valores aceitos: {', '.join(PENDING)}")
    rows = [
        {"codigo_local_estoque": LOCATION, "id_prod": product,
         "qtde_saida": estoque.pending(world, product) if wanted != "ENTRADA" else 0,
         "qtde_entrada": _ordered(world, product) if wanted != "SAIDA" else 0}
        for product in _products(world, param.get("id_prod"))
    ]  # fmt: skip
    found = [each for each in rows if each["qtde_saida"] or each["qtde_entrada"]]
    return paging.page(found, param, paging.SNAKE, "saldo_pendente_lista")


def _ordered(world: World, product: int) -> float:
    """Returns what purchase orders that are not over have not brought yet."""
    return float(
        sum(
            max(0, item.get("nQtde", 0) - item["nQtdeRec"])
            for order in world.store.rows("purchase_orders")
            if order["situation"] not in pedidocompra.FINAL
            for item in order["produtos"]
            if item.get("nCodProd") == product
        )
    )
