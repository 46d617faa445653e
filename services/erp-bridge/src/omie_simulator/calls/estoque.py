"""estoque/consulta, estoque/ajuste, estoque/local: balances and adjustments (omie-api.md 2.8)."""

from typing import Any

from omie_simulator import faults, paging
from omie_simulator.calls import produtos
from omie_simulator.store import Record
from omie_simulator.tags import shape
from omie_simulator.world import LOCATION, World, call, date_of, within

CONSULT, ADJUST, PLACES = "estoque/consulta", "estoque/ajuste", "estoque/local"
IN, OUT, BALANCE = "ENT", "SAI", "SLD"
WHOLE_CAP = 50
"""The size of a page that also shows products without a balance, as was seen."""


def move(
    world: World, product: int, quantity: float, location: int | None = None, origin: str = "", day: str = ""
) -> Record:
    """Notes a movement of today, or of a day; the balance is the sum of them, and may be negative."""
    fields = {"id_prod": product, "local": location or LOCATION, "quantity": quantity, "origin": origin}
    return world.new("stock_movements", {**fields, "data": day or world.clock.date()}, "id_movest")


def balance(world: World, product: int, location: int, day: str = "") -> float:
    """Returns what was there at the end of a day (yyyymmdd), or is now."""
    return sum(
        float(each["quantity"])
        for each in world.store.rows("stock_movements")
        if (each["id_prod"], each["local"]) == (product, location) and (not day or date_of(each["data"]) <= day)
    )


def pending(world: World, product: int) -> float:
    """Returns what open sales orders will take."""
    return sum(
        float(item["produto"]["quantidade"])
        for order in world.store.rows("sales_orders")
        if order["cancelado"] == "N" and order["faturado"] == "N"
        for item in order["det"]
        if item["produto"]["codigo_produto"] == product
    )


def minimum(world: World, product: int) -> float:
    """Returns how much of a product there should always be."""
    return float((world.store.find("stock_minimums", product) or {}).get("quan_min", 0))


def product_of(world: World, param: dict[str, Any]) -> Record:
    """Returns the product that `id_prod` or `cod_int` names; raises Fault."""
    return produtos.found(
        world, {"codigo_produto": param.get("id_prod"), "codigo_produto_integracao": param.get("cod_int")}
    )


def location_of(param: dict[str, Any]) -> int:
    """Returns the location that is asked for, the default one when none is; raises Fault."""
    location = int(param.get("codigo_local_estoque") or LOCATION)
    if location != LOCATION:
        raise faults.client(
            1070, f"Local do Estoque não cadastrado para o Código [{location}] ! - tag: [codigo_local_estoque]"
        )
    return location


@call(
    CONSULT, "PosicaoEstoque", shape("EstoquePosicaoRequest", "id_prod:i cod_int data:d codigo_local_estoque:i apenas_saldo"),
    ("id_prod", "cod_int"),
)  # fmt: skip
def position(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Tells the balance of one product."""
    product, location = product_of(world, param)["codigo_produto"], location_of(param)
    there = balance(world, product, location, date_of(param.get("data")))
    return {
        "codigo_status": "0", "descricao_status": "Posição de estoque do produto obtida com sucesso.", "saldo": there,
        "fisico": there, "reservado": 0, "pendente": pending(world, product), "cmc": 0,
        "estoque_minimo": minimum(world, product), "codigo_local_estoque": location,
    }  # fmt: skip


@call(
    CONSULT,
    "ListarPosEstoque",
    shape(
        "ListarEstPosRequest",
        f"{paging.SHORT.request_tags} dDataPosicao:d cExibeTodos codigo_local_estoque:i cExibeApenasPDV"
        " cExibeApenasMarketplace lista_local_estoque cTipoItem",
        lista_produtos=[shape("lista_produtos", "nCodProd:i cCodInt cCodigo")],
    ),
    "dDataPosicao",
)
def positions(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists balances; without cExibeTodos only those of products that have one."""
    location, day = location_of(param), date_of(param["dDataPosicao"])
    wanted = {value for each in param.get("lista_produtos", []) for value in each.values()}
    records = []
    for each in world.store.rows("products"):
        there = balance(world, each["codigo_produto"], location, day)
        named = {each["codigo_produto"], each["codigo"], each["codigo_produto_integracao"]}
        if (wanted & named or not wanted) and (there or param.get("cExibeTodos") == "S"):
            records.append(_row(world, each, there, location))
    cap = WHOLE_CAP if param.get("cExibeTodos") == "S" else paging.CAP
    return {"dDataPosicao": param["dDataPosicao"], **paging.page(records, param, paging.SHORT, "produtos", cap=cap)}


def _row(world: World, product: Record, there: float, location: int) -> Record:
    return {
        "nCodProd": product["codigo_produto"], "cCodInt": product["codigo_produto_integracao"],
        "cCodigo": product["codigo"], "cDescricao": product["descricao"], "nPrecoUnitario": product["valor_unitario"],
        "nSaldo": there, "nCMC": 0, "nPendente": pending(world, product["codigo_produto"]),
        "estoque_minimo": minimum(world, product["codigo_produto"]), "codigo_local_estoque": location, "reservado": 0,
        "fisico": there,
    }  # fmt: skip


@call(
    ADJUST,
    "IncluirAjusteEstoque",
    shape(
        "ajuste_estoque_incluir_request",
        "codigo_local_estoque:i id_prod:i cod_int cod_int_ajuste data:d tipo quan:n valor:n obs origem motivo"
        " codigo_local_estoque_destino:i",
    ),
    ("id_prod", "cod_int"), "data", "tipo", "valor", "obs", "origem", "motivo",
    writes=True,
)  # fmt: skip
def adjust(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adjusts a balance: in, out, or to a figure, which may be zero; a transfer has nowhere to go: there is one location."""
    if param.get("quan") is None:
        raise faults.required("quan")
    product, location = product_of(world, param)["codigo_produto"], location_of(param)
    code, kind = str(param.get("cod_int_ajuste") or ""), param["tipo"]
    if code and (other := next((e for e in world.store.rows("adjustments") if e["cod_int_ajuste"] == code), None)):
        named = f"código de integração [{code}] com o ID [{other['id_ajuste']}] para o produto [{other['id_prod']}]"
        raise world.duplicate(f"Já existe um ajuste de estoque para o {named}")
    if kind not in (IN, OUT, BALANCE):
        raise faults.client(105, f"O tipo [{kind}] é inválido! Valores aceitos: {IN}, {OUT}, {BALANCE}")
    sign = {IN: 1, OUT: -1}.get(kind)
    delta = sign * param["quan"] if sign else param["quan"] - balance(world, product, location)
    moved = move(world, product, delta, location, "ajuste", param["data"])["id_movest"]
    fields = {"cod_int_ajuste": code, "id_prod": product, "tipo": kind, "quan": param["quan"], "id_movest": moved}
    made = world.new("adjustments", {**fields, "data": param["data"]}, "id_ajuste")
    world.emit("Produto.AjusteEstoque", made)
    # Declared as integers, and seen as text.
    ids = {"id_movest": str(moved), "id_ajuste": str(made["id_ajuste"])}
    return {"codigo_status": "0", "descricao_status": "Ajuste de estoque incluído com sucesso!", **ids}


@call(ADJUST, "ExcluirAjusteEstoque", shape("ajuste_estoque_excluir_request", "id_ajuste:i"), "id_ajuste", writes=True)
def take_back(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Takes an adjustment back."""
    record = world.store.find("adjustments", int(param["id_ajuste"]))
    if record is None:
        raise faults.client(105, f"Ajuste não cadastrado para o Código [{param['id_ajuste']}] !")
    world.store.remove("adjustments", record["id_ajuste"])
    world.store.remove("stock_movements", record["id_movest"])
    return {"codigo_status": "0", "descricao_status": "Ajuste de estoque excluído com sucesso!"}


@call(
    ADJUST, "AlterarEstoqueMinimo",
    shape("estoque_mov_ajuste_estoque_minimo", "id_prod:i cod_int quan_min:n codigo_local_estoque:i"),
    ("id_prod", "cod_int"), writes=True,
)  # fmt: skip
def set_minimum(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Notes how much of a product there should always be; zero is a figure."""
    if param.get("quan_min") is None:
        raise faults.required("quan_min")
    product, location = product_of(world, param)["codigo_produto"], location_of(param)
    noted = {"id_prod": product, "codigo_local_estoque": location, "quan_min": param["quan_min"]}
    world.store.put("stock_minimums", product, noted)
    return {"codigo_status": "0", "descricao_status": "Estoque mínimo alterado com sucesso!"}


@call(
    ADJUST, "ListarAjusteEstoque",
    shape("ajuste_estoque_listar_request", f"{paging.SNAKE.request_tags} data_movimento_de:d data_movimento_ate:d"),
)  # fmt: skip
def adjustments(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists adjustments."""
    lower, upper = param.get("data_movimento_de"), param.get("data_movimento_ate")
    records = [each for each in world.store.rows("adjustments") if within(each["data"], lower, upper)]
    return paging.page(records, param, paging.SNAKE, "ajuste_estoque_lista")


@call(PLACES, "ListarLocaisEstoque", shape("locListarRequest", paging.SHORT.request_tags))
def locations(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists the locations: there is one."""
    one = {"codigo_local_estoque": LOCATION, "codigo": "PADRAO", "descricao": "Local de Estoque Padrão", "tipo": "P"}
    return paging.page([{**one, "padrao": "S", "inativo": "N"}], param, paging.SHORT, "locaisEncontrados")
