"""geral/produtos: products (omie-api.md 2.7)."""

from typing import Any

from omie_simulator import faults, paging
from omie_simulator.store import Record
from omie_simulator.tags import shape
from omie_simulator.world import World, call

SERVICE = "geral/produtos"
KEY = ("codigo_produto", "codigo", "codigo_produto_integracao")
WRITABLE = shape(
    "produto_servico_cadastro",
    "codigo_produto:i codigo_produto_integracao codigo descricao unidade ncm valor_unitario:n ean tipoItem inativo"
    " peso_liq:n peso_bruto:n marca modelo descr_detalhada obs_internas cfop codigo_familia:i bloqueado",
)
KEYED = shape("produto_servico_cadastro_chave", "codigo_produto:i codigo_produto_integracao codigo")
LIST = shape(
    "produto_servico_list_request",
    f"{paging.SNAKE.request_tags} apenas_importado_api ordenar_por ordem_decrescente filtrar_por_data_de:d"
    " filtrar_por_data_ate:d filtrar_apenas_inclusao filtrar_apenas_alteracao filtrar_apenas_omiepdv"
    " filtrar_apenas_descricao filtrar_apenas_familia filtrar_apenas_tipo inativo exibir_caracteristicas exibir_obs"
    " exibir_kit",
    produtosPorCodigo=[shape("produtosPorCodigo", "codigo_produto:i codigo_produto_integracao codigo")],
)


def find(world: World, param: dict[str, Any]) -> Record | None:
    """Returns the product that id, integration code, or SKU names."""
    if key := param.get("codigo_produto"):
        return world.store.find("products", int(key))
    for record in world.store.rows("products"):
        if any(param.get(name) and record.get(name) == param[name] for name in KEY[1:]):
            return record
    return None


def found(world: World, param: dict[str, Any]) -> Record:
    """Returns the product that the key names; raises Fault."""
    record = find(world, param)
    if record is None:
        given = next((param[name] for name in KEY if param.get(name)), "")
        raise faults.client(105, f"Produto não cadastrado para o Código [{given}] !")
    return record


@call(
    SERVICE, "IncluirProduto", WRITABLE, "codigo_produto_integracao", "codigo", "descricao", "unidade", "ncm",
    "valor_unitario", writes=True,
)  # fmt: skip
def include(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds a product."""
    for name in KEY[1:]:
        if other := find(world, {name: param[name]}):
            raise world.duplicate(f"Produto já cadastrado com o nCod [{other['codigo_produto']}] !")
    given = {name: value for name, value in param.items() if name != "codigo_produto"}
    record = world.new("products", {"inativo": "N", **given, "info": world.stamp()}, "codigo_produto")
    world.emit("Produto.Incluido", record)
    return _answer(record, "Produto cadastrado com sucesso!")


@call(SERVICE, "AlterarProduto", WRITABLE, KEY, writes=True)
def alter(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Changes a product."""
    record = found(world, param)
    changed = {**record, **param, "codigo_produto": record["codigo_produto"]}
    world.emit("Produto.Alterado", world.store.put("products", record["codigo_produto"], changed))
    return _answer(changed, "Produto alterado com sucesso!")


@call(SERVICE, "UpsertProduto", WRITABLE, KEY, writes=True)
def upsert(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds a product, or changes the one that the key names."""
    if find(world, param):
        return alter(world, param)
    for name in ("codigo_produto_integracao", "codigo", "descricao", "unidade", "ncm", "valor_unitario"):
        if param.get(name) in (None, ""):
            raise faults.required(name)
    return include(world, param)


@call(SERVICE, "AssociarCodIntProduto", KEYED, "codigo_produto", "codigo_produto_integracao", writes=True)
def associate(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Gives a product an integration code."""
    return alter(world, {name: param[name] for name in ("codigo_produto", "codigo_produto_integracao")})


@call(SERVICE, "ExcluirProduto", KEYED, KEY, writes=True)
def exclude(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Removes a product."""
    record = found(world, param)
    world.store.remove("products", record["codigo_produto"])
    world.emit("Produto.Excluido", record)
    return _answer(record, "Produto excluído com sucesso!")


@call(SERVICE, "ConsultarProduto", KEYED, KEY)
def consult(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Describes a product."""
    return _shown(found(world, param))


@call(SERVICE, "ListarProdutos", LIST)
def list_products(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists products; without filtrar_apenas_omiepdv "N" those that are not for the counter stay hidden."""
    return paging.page(
        [_shown(each) for each in _wanted(world, param)], param, paging.SNAKE, "produto_servico_cadastro"
    )


@call(SERVICE, "ListarProdutosResumido", LIST)
def list_briefly(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists products briefly."""
    names = (*KEY, "descricao", "valor_unitario")
    records = [{name: each.get(name, "") for name in names} for each in _wanted(world, param)]
    return paging.page(records, param, paging.SNAKE, "produto_servico_resumido")


def _wanted(world: World, param: dict[str, Any]) -> list[Record]:
    codes = [each[name] for each in param.get("produtosPorCodigo", []) for name in KEY if each.get(name)]
    pattern = str(param.get("filtrar_apenas_descricao") or "").lower()
    return [
        each
        for each in world.store.rows("products")
        if (param.get("filtrar_apenas_omiepdv") == "N" or each.get("omiepdv") == "S")
        and (not codes or any(each.get(name) in codes for name in KEY))
        and _matches(str(each["descricao"]).lower(), pattern)
    ]


def _matches(text: str, pattern: str) -> bool:
    """Tells whether a description matches `TEXT`, `TEXT%`, or `%TEXT%`."""
    bare = pattern.strip("%")
    if pattern.startswith("%"):
        return bare in text
    return text.startswith(bare) if pattern.endswith("%") or not pattern else text == bare


def _shown(record: Record) -> Record:
    # Deprecated, and always zero: the stock is in estoque/consulta.
    return {**record, "quantidade_estoque": 0, "estoque_minimo": 0}


def _answer(record: Record, text: str) -> dict[str, Any]:
    named = {name: record.get(name, "") for name in ("codigo_produto", "codigo_produto_integracao")}
    return {**named, "codigo_status": "0", "descricao_status": text}
