"""What only a person at Omie's screen, or time, can do, and what tests turn: the surface under /_control."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from omie_simulator import faults
from omie_simulator.calls import anexo, clientes, contapagar, pedidocompra, produtos, recebimento
from omie_simulator.desk import Desk
from omie_simulator.knobs import Knob
from omie_simulator.store import Record
from omie_simulator.world import ACCOUNT, Switches, World

CATEGORY = "2.01.01"
KEPT = ("counters", "endpoints", "clock")
"""Tables that a reset leaves: an id is never given out twice."""
UNIT_VALUE, QUANTITY = 100.05, 10


class Wrong(Exception):
    """A control request that makes no sense, with what is wrong."""


class Known(Exception):
    """Something that is to be made is there already."""


def open_account(world: World) -> None:
    """Adds what every account has from the start."""
    if world.store.find("accounts", ACCOUNT) is None:
        world.store.put("accounts", ACCOUNT, {"nCodCC": ACCOUNT, "descricao": "Caixinha"})
        world.store.put("categories", 1, {"codigo": CATEGORY, "descricao": "Compra de Mercadorias"})


def receipt(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Imports an invoice. It is received at once, with its payables, unless `concluded` is false.

    `items` are {code, description, quantity, unit_price, unit?}, `due` the parcels' dates, `attachments` {name, content_base64}.
    """
    number = str(given.get("nf_number") or world.store.next_id("nf_numbers", 100_200))
    key = str(given.get("access_key") or f"3526{number.zfill(40)}")
    if any(each["cabec"]["cChaveNfe"] == key for each in world.store.rows("receipts")):
        raise Known(f"the invoice {key} is imported already")
    items = given.get("items") or [
        {"code": "P-1", "description": "Produto", "quantity": QUANTITY, "unit_price": UNIT_VALUE}
    ]
    record = _new_receipt(world, given, number, key, items)
    for each in given.get("attachments", []):
        plant(world, {"table": "com-recebimento", "id": record["nIdReceb"], **each})
    if given.get("concluded", True):
        record = recebimento.conclude(world, record)
    parcels = [{"nIdTitulo": each.get("nIdTitulo", 0)} for each in record["parcelas"]["parcelasLista"]]
    return {"nIdReceb": record["nIdReceb"], "parcels": parcels}


def _new_receipt(world: World, given: dict[str, Any], number: str, key: str, items: list[Record]) -> Record:
    total = round(sum(float(each["quantity"]) * float(each["unit_price"]) for each in items), 2)
    today, count = world.clock.date(), int(given.get("parcels") or 1)
    if count < 1:
        raise Wrong("parcels is at least 1")
    supplier = _supplier(world, given.get("supplier"))
    share = round(total / count, 2)
    values = [*([share] * (count - 1)), round(total - share * (count - 1), 2)]
    dues = given.get("due") or [today] * count
    header = {
        "nIdFornecedor": supplier["codigo_cliente_omie"], "cRazaoSocial": supplier["razao_social"],
        "cNome": supplier["razao_social"], "cCNPJ_CPF": supplier.get("cnpj_cpf", ""), "cChaveNfe": key,
        "cEtapa": recebimento.TO_RECEIVE, "cNumeroNFe": number, "cSerieNFe": str(given.get("series") or "1"),
        "cModeloNFe": "55", "dEmissaoNFe": str(given.get("issued") or today), "nValorNFe": total,
    }  # fmt: skip
    parcels = [
        {"nSequencia": at + 1, "dVencimento": dues[min(at, len(dues) - 1)], "vParcela": value,
         "pParcela": round(100 / count, 2)}
        for at, value in enumerate(values)
    ]  # fmt: skip
    identifier = world.store.next_id()
    record = {
        "nIdReceb": identifier,
        "cabec": {"nIdReceb": identifier, **header},
        "itensRecebimento": [_receipt_item(world, at + 1, each) for at, each in enumerate(items)],
        "infoAdicionais": {"cCategCompra": CATEGORY, "nIdConta": ACCOUNT, "dRegistro": today},
        "parcelas": {"cCodParcela": "000" if count == 1 else "999", "nQtdParcela": count, "parcelasLista": parcels},
        "infoCadastro": {"dInc": today, "hInc": world.clock.time(), "dAlt": today, "hAlt": world.clock.time(),
                         "cFaturado": "S", "cRecebido": "N", "cCancelada": "N"},
        "observacoes": {"cObs": ""},
    }  # fmt: skip
    world.store.put("receipts", identifier, record)
    recebimento.tell(world, "Incluido", record)
    return record


def _receipt_item(world: World, sequence: int, item: Record) -> Record:
    product = produtos.find(world, {"codigo": str(item["code"])})
    head = {
        "nIdItem": sequence, "nSequencia": sequence, "cCodigoProduto": str(item["code"]),
        "cDescricaoProduto": str(item.get("description", "")), "nQtdeNFe": float(item["quantity"]),
        "cUnidadeNfe": str(item.get("unit") or "UN"), "nPrecoUnit": float(item["unit_price"]),
        "vTotalItem": round(float(item["quantity"]) * float(item["unit_price"]), 2),
        "nIdProduto": product["codigo_produto"] if product else 0, "cIgnorarItem": "N",
    }  # fmt: skip
    return {"itensCabec": head, "itensAjustes": {}, "itensInfoAdic": {}}


def _supplier(world: World, given: Any) -> Record:
    """Returns the supplier that id, tax number, or name names; one that is not there yet is added."""
    wanted = given if isinstance(given, dict) else {"codigo_cliente_omie": given} if isinstance(given, int) else {}
    name = given if isinstance(given, str) else str(wanted.get("name") or "Fornecedor Simulado Ltda")
    number = str(wanted.get("cnpj") or "")
    for record in world.store.rows("customers"):
        if record["codigo_cliente_omie"] == wanted.get("codigo_cliente_omie"):
            return record
        if (number and clientes.digits(record.get("cnpj_cpf")) == number) or (
            not number and record["razao_social"] == name
        ):
            return record
    fields = {"codigo_cliente_integracao": "", "razao_social": name, "nome_fantasia": name, "cnpj_cpf": number}
    return world.new(
        "customers", {**fields, "estado": "SP", "inativo": "N", "info": world.stamp()}, "codigo_cliente_omie"
    )


def purchase_order(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Adds a purchase order as the screen does; `number` is the one shown, `stage` 10, 15 or 20."""
    stage = str(given.get("stage") or pedidocompra.ORDERED)
    if stage not in pedidocompra.STAGES:
        raise Wrong(f"stage is one of {', '.join(pedidocompra.STAGES)}")
    answer = pedidocompra.include(
        world,
        {
            "cabecalho_incluir": {
                "nCodFor": _supplier(world, given.get("supplier"))["codigo_cliente_omie"],
                "dDtPrevisao": world.clock.date(),
                "cCodIntPed": str(given.get("integration_code") or ""),
            },
            "produtos_incluir": [
                _order_item(world, each)
                for each in given.get("items") or [{"code": "P-1", "quantity": QUANTITY, "unit_price": UNIT_VALUE}]
            ],
        },
    )
    record = pedidocompra.found(world, {"nCodPed": answer["nCodPed"]})
    header = {**record["cabecalho"], "cNumero": str(given.get("number") or answer["cNumero"]), "cEtapa": stage}
    changed = {**record, "cabecalho": header, "status": str(given.get("status") or "Aberto")}
    world.store.put("purchase_orders", record["nCodPed"], changed)
    items = [each["nCodItem"] for each in changed["produtos"]]
    return {"nCodPed": record["nCodPed"], "cNumero": header["cNumero"], "items": items}


def _order_item(world: World, item: Record) -> Record:
    product = produtos.find(world, {"codigo": str(item["code"])})
    known = {"nCodProd": product["codigo_produto"]} if product else {}
    return {"cProduto": str(item["code"]), "nQtde": item["quantity"], "nValUnit": item["unit_price"], **known}


def payable(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Adds a payable as the screen does."""
    fields = {
        "codigo_cliente_fornecedor": _supplier(world, given.get("supplier"))["codigo_cliente_omie"],
        "data_vencimento": world.clock.date(), "valor_documento": float(given.get("value") or UNIT_VALUE),
        "codigo_categoria": CATEGORY, "id_conta_corrente": ACCOUNT,
    }  # fmt: skip
    return {"codigo_lancamento_omie": contapagar.create(world, fields, "MANP")["codigo_lancamento_omie"]}


def plant(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Adds an attachment to any record, also one without a name or without content."""
    table, owner = anexo.owner_of(world, {"cTabela": given["table"], "nId": given["id"]})
    try:
        content = base64.b64decode(given.get("content_base64", ""), validate=True)
    except binascii.Error as error:
        raise Wrong("content_base64 is not base64") from error
    record = anexo.add(world, table, owner, str(given.get("name", "")), content)
    return {"nIdAnexo": record["nIdAnexo"]}


def end_order(situation: str) -> Callable[[World, int, dict[str, Any]], dict[str, Any]]:
    """Makes what a person does to a purchase order on the screen; it cannot be undone, and needs a reason."""

    def act(world: World, order: int, given: dict[str, Any]) -> dict[str, Any]:
        if not str(given.get("reason") or "").strip():
            raise Wrong("reason is required")
        pedidocompra.end(world, pedidocompra.found(world, {"nCodPed": order}), situation, str(given["reason"]))
        return {"nCodPed": order, "situation": situation}

    return act


def switch(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Sets switches, and returns all."""
    for name, value in given.items():
        if type(value) is not type(vars(world.switches).get(name)):
            raise Wrong(f"switches are {vars(world.switches)}: {name} is not one, or takes another type")
        setattr(world.switches, name, value)
    return dict(vars(world.switches))


def turn(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    """Turns a knob; an empty request takes all back."""
    if not given:
        desk.knobs.clear()
    else:
        try:
            desk.knobs.turn(Knob.of(given))
        except (ValueError, TypeError) as error:
            raise Wrong(str(error)) from error
    return {"struck": desk.knobs.struck}


def advance(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Moves the clock forward, or lets it run faster than the machine's."""
    if not given.keys() & {"advance_seconds", "speed"}:
        raise Wrong("advance_seconds or speed is required")
    seconds, speed = given.get("advance_seconds", 0), given.get("speed", world.clock.speed)
    if not _is_number(seconds) or seconds < 0:
        raise Wrong("advance_seconds is a number of seconds, not below zero")
    if not _is_number(speed) or speed < 1:
        raise Wrong("speed is how many seconds pass in one of the machine's, at least 1")
    world.clock.advance(seconds)
    world.clock.run(float(speed))
    world.store.put("clock", 0, world.clock.setting)
    return {"now": world.clock.seconds()}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def stats(desk: Desk) -> dict[str, Any]:
    """Counts what came and went since the start or the last reset."""
    return {
        "calls": desk.calls,
        "errors": desk.errors,
        "blocks": desk.guard.blocks,
        "attachments": sum(1 for _ in desk.world.store.rows("attachments")),
        "duplicates": desk.world.counters.get("duplicates", 0),
        "most_parallel": desk.most_parallel,
        "struck": desk.knobs.struck,
        "webhooks_waiting": sum(1 for _ in desk.world.store.rows("deliveries")),
    }


def reset(desk: Desk) -> dict[str, Any]:
    """Empties the account; ids go on where they were."""
    world = desk.world
    for each in world.store.rows("attachments"):
        world.store.file(each["nIdAnexo"]).unlink(missing_ok=True)
    world.store.clear(*KEPT)
    open_account(world)
    world.switches = Switches(closing_call=world.closing_call)
    world.counters.clear()
    desk.knobs.clear()
    desk.knobs.struck.clear()
    desk.guard.clear()
    for counts in (desk.calls, desk.errors, desk.most_parallel):
        counts.clear()
    return {}


def words(error: faults.Fault | Wrong) -> str:
    """Returns what is wrong with a control request."""
    return error.text if isinstance(error, faults.Fault) else str(error)
