"""financas/contapagar: payables (omie-api.md 2.4)."""

from typing import Any

from omie_simulator import faults, paging
from omie_simulator.calls import clientes
from omie_simulator.store import Record
from omie_simulator.tags import Shape, shape
from omie_simulator.world import World, call, date_of, need, within

SERVICE = "financas/contapagar"
KEY = ("codigo_lancamento_omie", "codigo_lancamento_integracao")
WRITABLE = (
    "codigo_lancamento_omie:i codigo_lancamento_integracao codigo_cliente_fornecedor:i data_vencimento:d"
    " valor_documento:n codigo_categoria data_previsao:d id_conta_corrente:i numero_documento_fiscal chave_nfe"
    " numero_documento numero_pedido numero_parcela data_emissao:d data_entrada:d codigo_projeto:i"
    " codigo_tipo_documento observacao valor_pis:n valor_cofins:n valor_csll:n valor_ir:n valor_iss:n valor_inss:n"
    " retem_pis retem_cofins retem_csll retem_ir retem_iss retem_inss baixar_documento"
)
NESTED: dict[str, Shape | list[Shape]] = {
    "categorias": [shape("categorias", "codigo_categoria valor:n percentual:n")],
    "distribuicao": [shape("distribuicao", "cCodDep cDesDep nValDep:n nPerDep:n")],
    "servico_tomado": shape("servico_tomado", "numero_nf serie_nf codigo_servico valor_nf:n"),
}
PAYABLE = shape("conta_pagar_cadastro", WRITABLE, **NESTED)
NEEDS = (
    "codigo_lancamento_integracao", "codigo_cliente_fornecedor", "data_vencimento", "valor_documento",
    ("codigo_categoria", "categorias"), "data_previsao",
)  # fmt: skip
BATCH = shape("conta_pagar_lote", "lote:i", conta_pagar_cadastro=[PAYABLE])
STATUSES = (
    "CANCELADO", "PAGO", "LIQUIDADO", "EMABERTO", "PAGTO_PARCIAL", "VENCEHOJE", "AVENCER", "ATRASADO"
)  # fmt: skip
DONE = {"codigo_status": "0"}


def found(world: World, param: dict[str, Any]) -> Record:
    """Returns the payable that the key names; raises Fault."""
    if key := param.get("codigo_lancamento_omie"):
        record = world.store.find("payables", int(key))
    else:
        record = by_code(world, str(param["codigo_lancamento_integracao"]))
    if record is None:
        raise faults.client(105, "Lançamento não cadastrado para o Código!")
    return record


def by_code(world: World, code: str) -> Record | None:
    """Returns the payable with an integration code."""
    rows = world.store.rows("payables")
    return next((each for each in rows if code and each["codigo_lancamento_integracao"] == code), None)


def create(world: World, fields: Record, origin: str) -> Record:
    """Adds a payable and tells the webhooks."""
    base = {"codigo_lancamento_integracao": "", "valor_pag": 0, "id_origem": origin, "info": world.stamp()}
    record = world.new("payables", {**base, **fields}, "codigo_lancamento_omie")
    tell(world, "Incluido", record)
    return record


def tell(world: World, what: str, record: Record) -> None:
    """Queues the event of a payable."""
    names = (*KEY, "codigo_cliente_fornecedor", "valor_documento", "data_vencimento", "numero_documento_fiscal")
    event = {name: record[name] for name in names if name in record}
    world.emit(f"Financas.ContaPagar.{what}", {**event, "situacao": status_of(world, record)})


def status_of(world: World, record: Record) -> str:
    """Returns the situation of a payable as Omie words it."""
    if record["valor_pag"] >= record["valor_documento"] > 0:
        return "PAGO"
    due, today = date_of(record["data_vencimento"]), date_of(world.clock.date())
    return "VENCE HOJE" if due == today else "A VENCER" if due > today else "ATRASADO"


def _shown(world: World, record: Record) -> Record:
    plain = {name: value for name, value in record.items() if value not in ("", None) and name != "payments"}
    return {**plain, "status_titulo": status_of(world, record)}


@call(SERVICE, "IncluirContaPagar", PAYABLE, *NEEDS, writes=True)
def include(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds a payable."""
    _refuse_known(world, str(param["codigo_lancamento_integracao"]))
    return _answer(create(world, param, "APIP"), "Cadastro incluído com sucesso!")


def _refuse_known(world: World, code: str) -> None:
    if by_code(world, code):
        raise world.duplicate(f"Lançamento já cadastrado para o Código de Integração [{code}] !")


@call(SERVICE, "AlterarContaPagar", PAYABLE, KEY, writes=True)
def alter(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Changes a payable."""
    record = found(world, param)
    changed = {**record, **param, "codigo_lancamento_omie": record["codigo_lancamento_omie"]}
    tell(world, "Alterado", world.store.put("payables", record["codigo_lancamento_omie"], changed))
    return _answer(changed, "Cadastro alterado com sucesso!")


@call(SERVICE, "UpsertContaPagar", PAYABLE, "codigo_lancamento_integracao", writes=True)
def upsert(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds a payable, or changes the one with its integration code."""
    if by_code(world, str(param["codigo_lancamento_integracao"])):
        return alter(world, param)
    need(param, NEEDS)
    return include(world, param)


@call(SERVICE, "IncluirContaPagarPorLote", BATCH, "conta_pagar_cadastro", writes=True)
def include_batch(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds several payables, or none: that one of them is refused refuses all is a choice."""
    payables = _batch(param)
    for each in payables:
        need(each, NEEDS)
        _refuse_known(world, str(each["codigo_lancamento_integracao"]))
    for each in payables:
        create(world, each, "APIP")
    return _batch_answer(param)


@call(SERVICE, "UpsertContaPagarPorLote", BATCH, "conta_pagar_cadastro", writes=True)
def upsert_batch(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds those payables that are not there, and changes the others."""
    payables = _batch(param)
    for each in payables:
        if not by_code(world, str(each["codigo_lancamento_integracao"])):
            need(each, NEEDS)
    for each in payables:
        upsert(world, each)
    return _batch_answer(param)


def _batch(param: dict[str, Any]) -> list[Record]:
    """Returns the payables of a batch; raises Fault for one without an integration code, or with that of another."""
    payables: list[Record] = param["conta_pagar_cadastro"]
    for each in payables:
        need(each, ("codigo_lancamento_integracao",))
    codes = [each["codigo_lancamento_integracao"] for each in payables]
    if twice := next((each for each in codes if codes.count(each) > 1), None):
        raise faults.client(102, f"O Código de Integração [{twice}] está repetido no lote!")
    return payables


def _batch_answer(param: dict[str, Any]) -> dict[str, Any]:
    return {"lote": param.get("lote", 0), **DONE, "descricao_status": "Lote processado com sucesso!"}


@call(SERVICE, "ExcluirContaPagar", shape("conta_pagar_cadastro_chave", "codigo_lancamento_omie:i"
      " codigo_lancamento_integracao"), KEY, writes=True)  # fmt: skip
def exclude(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Removes a payable."""
    record = found(world, param)
    world.store.remove("payables", record["codigo_lancamento_omie"])
    tell(world, "Excluido", record)
    return _answer(record, "Cadastro excluído com sucesso!")


@call(SERVICE, "ConsultarContaPagar", shape("conta_pagar_cadastro_chave", "codigo_lancamento_omie:i"
      " codigo_lancamento_integracao"), KEY)  # fmt: skip
def consult(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Describes a payable."""
    return _shown(world, found(world, param))


@call(
    SERVICE,
    "ListarContasPagar",
    shape(
        "lcpListarRequest",
        f"{paging.SNAKE.request_tags} apenas_importado_api ordenar_por ordem_descrescente filtrar_por_data_de:d"
        " filtrar_por_data_ate:d filtrar_apenas_inclusao filtrar_apenas_alteracao filtrar_por_emissao_de:d"
        " filtrar_por_emissao_ate:d filtrar_por_registro_de:d filtrar_por_registro_ate:d filtrar_conta_corrente:i"
        " filtrar_cliente:i filtrar_por_cpf_cnpj filtrar_por_status filtrar_por_projeto:i filtrar_por_vendedor:i"
        " exibir_obs",
    ),
)
def list_payables(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists payables."""
    wanted = str(param.get("filtrar_por_status") or "")
    if wanted and wanted not in STATUSES:
        raise faults.client(105, f"O status [{wanted}] é inválido! Valores aceitos: {', '.join(STATUSES)}")
    records = [_shown(world, each) for each in world.store.rows("payables") if _is_wanted(world, each, param)]
    if wanted:
        records = [each for each in records if wanted in (each["status_titulo"].replace(" ", ""), _open(each))]
    if param.get("ordem_descrescente") == "S":
        records.reverse()
    return paging.page(records, param, paging.SNAKE, "conta_pagar_cadastro")


def supplier_of(world: World, record: Record) -> Record:
    """Returns whom a payable is owed to; a payable may name somebody who is not there."""
    return world.store.find("customers", int(record["codigo_cliente_fornecedor"])) or {}


def _open(shown: Record) -> str:
    return "" if shown["status_titulo"] == "PAGO" else "PAGTO_PARCIAL" if shown["valor_pag"] else "EMABERTO"


def _is_wanted(world: World, record: Record, param: dict[str, Any]) -> bool:
    number = clientes.digits(param.get("filtrar_por_cpf_cnpj"))
    dates = {"data": record["info"]["dAlt"], "emissao": record.get("data_emissao"), "registro": record["info"]["dInc"]}
    return (
        all(
            within(day, param.get(f"filtrar_por_{name}_de"), param.get(f"filtrar_por_{name}_ate"))
            for name, day in dates.items()
        )
        and (not number or clientes.digits(supplier_of(world, record).get("cnpj_cpf")) == number)
        and (not (who := param.get("filtrar_cliente")) or record.get("codigo_cliente_fornecedor") == int(who))
        and (not (account := param.get("filtrar_conta_corrente")) or record.get("id_conta_corrente") == int(account))
    )


@call(
    SERVICE,
    "LancarPagamento",
    shape(
        "conta_pagar_lancar_pagamento",
        "codigo_lancamento:i codigo_lancamento_integracao codigo_baixa_integracao codigo_conta_corrente:i valor:n"
        " desconto:n juros:n multa:n data:d observacao conciliar_documento",
    ),
    ("codigo_lancamento", "codigo_lancamento_integracao"), "valor",
    writes=True,
)  # fmt: skip
def pay(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Notes a payment."""
    record = found(world, {**param, "codigo_lancamento_omie": param.get("codigo_lancamento")})
    code = str(param.get("codigo_baixa_integracao") or "")
    if code and any(each.get("codigo_baixa_integracao") == code for each in record.get("payments", [])):
        raise world.duplicate(f"Baixa já cadastrada para o Código de Integração [{code}] !")
    day = param.get("data") or world.clock.date()
    named = {"codigo_baixa": world.store.next_id(), "codigo_baixa_integracao": code}
    payment = {**named, "valor": param["valor"], "data": day}
    paid = round(record["valor_pag"] + param["valor"], 2)
    changed = {**record, "valor_pag": paid, "payments": [*record.get("payments", []), payment]}
    world.store.put("payables", record["codigo_lancamento_omie"], changed)
    key = {"codigo_lancamento_omie": record["codigo_lancamento_omie"]}
    world.emit("Financas.ContaPagar.BaixaRealizada", [{"conta_a_pagar": [key], **payment}])
    settled = {"liquidado": "S" if paid >= record["valor_documento"] else "N", "valor_baixado": param["valor"]}
    return {**named, **settled, **DONE, "descricao_status": "Pagamento lançado com sucesso!"}


@call(SERVICE, "CancelarPagamento", shape("conta_pagar_cancelar_pagamento", "codigo_baixa:i"), "codigo_baixa",
      writes=True)  # fmt: skip
def cancel_payment(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Takes a payment back."""
    for record in world.store.rows("payables"):
        for payment in record.get("payments", []):
            if payment["codigo_baixa"] == int(param["codigo_baixa"]):
                rest = [each for each in record["payments"] if each is not payment]
                paid = round(record["valor_pag"] - payment["valor"], 2)
                changed = {**record, "valor_pag": paid, "payments": rest}
                world.store.put("payables", record["codigo_lancamento_omie"], changed)
                key = {"codigo_lancamento_omie": record["codigo_lancamento_omie"]}
                world.emit("Financas.ContaPagar.BaixaCancelada", [{"conta_a_pagar": [key], **payment}])
                named = {"codigo_baixa": payment["codigo_baixa"]}
                return {**named, **DONE, "descricao_status": "Pagamento cancelado com sucesso!"}
    raise faults.client(105, "Baixa não cadastrada para o Código!")


def _answer(record: Record, text: str) -> dict[str, Any]:
    return {**{name: record.get(name, "") for name in KEY}, **DONE, "descricao_status": text}
