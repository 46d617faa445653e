"""geral/clientes: customers and suppliers (omie-api.md 2.6)."""

from typing import Any

from omie_simulator import faults, paging
from omie_simulator.store import Record
from omie_simulator.tags import Shape, shape
from omie_simulator.world import World, call, within

SERVICE = "geral/clientes"
KEY = ("codigo_cliente_omie", "codigo_cliente_integracao")
WRITABLE = shape(
    "clientes_cadastro",
    "codigo_cliente_omie:i codigo_cliente_integracao razao_social cnpj_cpf nome_fantasia telefone1_ddd telefone1_numero"
    " contato endereco endereco_numero bairro complemento estado cidade cep codigo_pais email homepage observacao"
    " inscricao_municipal inscricao_estadual pessoa_fisica optante_simples_nacional contribuinte inativo",
    tags=[shape("tags", "tag")],
)
KEYED = shape("clientes_cadastro_chave", "codigo_cliente_omie:i codigo_cliente_integracao")
LISTED: dict[str, Shape | list[Shape]] = {
    "clientesFiltro": shape(
        "clientesFiltro",
        "codigo_cliente_omie:i codigo_cliente_integracao cnpj_cpf razao_social nome_fantasia endereco bairro cidade"
        " estado cep contato email homepage inscricao_municipal inscricao_estadual pessoa_fisica inativo",
        tags=[shape("tags", "tag")],
    ),
    "clientesPorCodigo": [shape("clientesPorCodigo", "codigo_cliente_omie:i codigo_cliente_integracao")],
}
LIST_TAGS = (
    f"{paging.SNAKE.request_tags} apenas_importado_api ordenar_por ordem_decrescente filtrar_por_data_de:d"
    " filtrar_por_data_ate:d filtrar_por_hora_de filtrar_por_hora_ate filtrar_apenas_inclusao"
    " filtrar_apenas_alteracao exibir_caracteristicas exibir_obs"
)
LOOKED_AT = ("cnpj_cpf", "razao_social", "nome_fantasia", "cidade", "estado", "inativo")
"""Fields of the filter that are not deprecated; the others are taken and ignored."""


def digits(text: object) -> str:
    """Returns the digits of a CPF or CNPJ, which comes masked or bare."""
    return "".join(each for each in str(text or "") if each.isdigit())


def by_code(world: World, code: str) -> Record | None:
    """Returns the customer with an integration code."""
    rows = world.store.rows("customers")
    return next((each for each in rows if code and each["codigo_cliente_integracao"] == code), None)


def by_tax_number(world: World, number: str) -> Record | None:
    """Returns the customer with a CPF or CNPJ."""
    rows = world.store.rows("customers")
    return next((each for each in rows if digits(number) and digits(each.get("cnpj_cpf")) == digits(number)), None)


def found(world: World, param: dict[str, Any]) -> Record:
    """Returns the customer that the key names; raises Fault."""
    key, code = param.get("codigo_cliente_omie"), str(param.get("codigo_cliente_integracao") or "")
    record = world.store.find("customers", int(key)) if key else by_code(world, code)
    if record is None:
        named = f"Código [{key}]" if key else f"Código de Integração [{code}]"
        raise faults.client(105 if key else 103, f"Cliente não cadastrado para o {named} !")
    return record


@call(SERVICE, "IncluirCliente", WRITABLE, "codigo_cliente_integracao", "razao_social", writes=True)
def include(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds a customer."""
    code, number = str(param["codigo_cliente_integracao"]), str(param.get("cnpj_cpf") or "")
    if other := by_code(world, code):
        named = f"Código de Integração [{code}] com o nCod [{other['codigo_cliente_omie']}]"
        raise world.duplicate(f"Cliente já cadastrado para o {named} !")
    if other := by_tax_number(world, number):
        named = f"Id [{other['codigo_cliente_omie']}] e código de integração [{other['codigo_cliente_integracao']}]"
        raise world.duplicate(f"Cliente já cadastrado para o CPF/CNPJ [{number}] com o {named} !")
    given = {name: value for name, value in param.items() if name != "codigo_cliente_omie"}
    record = world.new("customers", {"inativo": "N", **given, "info": world.stamp()}, "codigo_cliente_omie")
    world.emit("ClienteFornecedor.Incluido", record)
    return _answer(record, "Cliente cadastrado com sucesso!")


def _change(world: World, record: Record, param: dict[str, Any]) -> dict[str, Any]:
    key = record["codigo_cliente_omie"]
    changed = {**record, **param, "codigo_cliente_omie": key, "info": {**record["info"], **_changed_now(world)}}
    world.emit("ClienteFornecedor.Alterado", world.store.put("customers", key, changed))
    return _answer(changed, "Cliente alterado com sucesso!")


def _changed_now(world: World) -> Record:
    return {"dAlt": world.clock.date(), "hAlt": world.clock.time()}


@call(SERVICE, "AlterarCliente", WRITABLE, KEY, writes=True)
def alter(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Changes a customer."""
    return _change(world, found(world, param), param)


@call(SERVICE, "UpsertCliente", WRITABLE, "codigo_cliente_integracao", writes=True)
def upsert(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds a customer, or changes the one with the integration code; another one's tax number is a fault."""
    record = by_code(world, str(param["codigo_cliente_integracao"]))
    return _change(world, record, param) if record else include(world, param)


@call(SERVICE, "UpsertClienteCpfCnpj", WRITABLE, "cnpj_cpf", "razao_social", writes=True)
def upsert_by_tax_number(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds a customer, or changes the one with the tax number."""
    record = by_tax_number(world, str(param["cnpj_cpf"]))
    return _change(world, record, param) if record else include(world, {"codigo_cliente_integracao": "", **param})


@call(SERVICE, "AssociarCodIntCliente", KEYED, *KEY, writes=True)
def associate(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Gives a customer an integration code."""
    record, code = (
        found(world, {"codigo_cliente_omie": param["codigo_cliente_omie"]}),
        param["codigo_cliente_integracao"],
    )
    if (other := by_code(world, str(code))) and other["codigo_cliente_omie"] != record["codigo_cliente_omie"]:
        raise world.duplicate(f"Cliente já cadastrado para o Código de Integração [{code}] !")
    return _change(world, record, {"codigo_cliente_integracao": code})


@call(SERVICE, "ExcluirCliente", KEYED, KEY, writes=True)
def exclude(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Removes a customer."""
    record = found(world, param)
    world.store.remove("customers", record["codigo_cliente_omie"])
    world.emit("ClienteFornecedor.Excluido", record)
    return _answer(record, "Cliente excluído com sucesso!")


@call(SERVICE, "ConsultarCliente", KEYED, KEY)
def consult(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Describes a customer."""
    return found(world, param)


@call(SERVICE, "ListarClientes", shape("clientes_list_request", LIST_TAGS, **LISTED))
def list_customers(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists customers."""
    return paging.page(_wanted(world, param), param, paging.SNAKE, "clientes_cadastro")


@call(SERVICE, "ListarClientesResumido", shape("clientes_list_request", LIST_TAGS, **LISTED))
def list_briefly(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists customers briefly; the id goes under another name there."""
    records = [
        {
            "codigo_cliente": each["codigo_cliente_omie"],
            **{name: each.get(name, "") for name in ("codigo_cliente_integracao", *LOOKED_AT[:3])},
        }
        for each in _wanted(world, param)
    ]
    return paging.page(records, param, paging.SNAKE, "clientes_cadastro_resumido")


def _wanted(world: World, param: dict[str, Any]) -> list[Record]:
    codes = [each.get(name) for each in param.get("clientesPorCodigo", []) for name in KEY if each.get(name)]
    return [
        each
        for each in world.store.rows("customers")
        if _passes(each, param.get("clientesFiltro", {}))
        and (not codes or any(each[name] in codes for name in KEY))
        and within(each["info"]["dAlt"], param.get("filtrar_por_data_de"), param.get("filtrar_por_data_ate"))
    ]


def _passes(record: Record, filters: dict[str, Any]) -> bool:
    for name in LOOKED_AT:
        if not (wanted := filters.get(name)):
            continue
        if name == "cnpj_cpf":
            if digits(record.get(name)) != digits(wanted):
                return False
        elif str(wanted).lower() not in str(record.get(name, "")).lower():
            return False
    return True


def _answer(record: Record, text: str) -> dict[str, Any]:
    return {**{name: record[name] for name in KEY}, "codigo_status": "0", "descricao_status": text}
