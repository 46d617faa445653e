"""The closing call of accounts that have one (decision 62), under the name that the switch `closing_call` gives it."""

from typing import Any

from omie_simulator.calls import pedidocompra
from omie_simulator.tags import shape
from omie_simulator.world import Call, World

CLOSED = ("encerrado", "fechado", "finalizado")
CONSULT = f"{pedidocompra.SERVICE}/ConsultarPedidoCompra"


def find(world: World, service: str, name: str) -> Call | None:
    """Returns the method of that name, if the account has a closing call and it is that, or the consult beside it."""
    closing, asked = world.switches.closing_call, f"{service}/{name}"
    if closing and asked == closing:
        tags = shape("pedido_compra_alterar", "cNumero cStatus cCodItem")
        return Call(service, name, tags, alter, True, (("cNumero",), ("cStatus",)))
    if closing and asked == CONSULT:
        return Call(service, name, shape("pedido_compra_consultar", "cNumero"), consult, False, (("cNumero",),))
    return None


def consult(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Describes an order, with its situation in cStatus."""
    record = pedidocompra.found(world, param)
    default = "Encerrado" if record["situation"] == "encerrado" else "Aberto"
    header = record["cabecalho"]
    return {"nCodPed": header["nCodPed"], "cNumero": header["cNumero"], "cStatus": record.get("status", default)}


def alter(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Sets the situation of an order."""
    record = pedidocompra.found(world, param)
    if str(param["cStatus"]).lower() in CLOSED:
        pedidocompra.end(world, record, "encerrado", "API")
        record = pedidocompra.found(world, param)
    world.store.put("purchase_orders", record["nCodPed"], {**record, "status": param["cStatus"]})
    header = record["cabecalho"]
    named = {"nCodPed": header["nCodPed"], "cNumero": header["cNumero"]}
    return {**named, "cCodStatus": "0", "cDescStatus": "Pedido de Compra alterado com sucesso!"}
