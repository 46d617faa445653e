"""produtos/pedido and produtos/pedidovendafat: sales orders, their stages, and their invoices (omie-api.md 2.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from erp_bridge.omie.answers import Kind
from erp_bridge.omie.api import pedido
from erp_bridge.omie.client import Omie, OmieError
from erp_bridge.omie.values import bare_number, from_flag

INVOICE = {
    "number": "numero_nfe",
    "series": "serie_nfe",
    "access_key": "chave_nfe",
    "status": "status_nfe",
    "danfe_url": "danfe",
}


@dataclass(frozen=True, slots=True)
class SalesOrder:
    """An order as the ERP shows it."""

    id: int
    number: str
    stage: str
    is_cancelled: bool = False
    is_invoiced: bool = False
    invoices: tuple[Mapping[str, str], ...] = ()


async def include(omie: Omie, order: pedido.SalesOrder) -> dict[str, Any]:
    """Adds an order. Raises OmieError."""
    return await pedido.incluir_pedido(omie, order)


async def move(omie: Omie, order: int, stage: str) -> dict[str, Any]:
    """Moves an order to a stage. Raises OmieError."""
    return await pedido.trocar_etapa_pedido(omie, {"codigo_pedido": order, "etapa": stage})


async def cancel(omie: Omie, order: int) -> dict[str, Any]:
    """Cancels an order; it keeps its stage. Raises OmieError."""
    return await pedido.cancelar_pedido_venda(omie, {"nCodPed": order})


async def find(omie: Omie, code: str) -> SalesOrder | None:
    """Returns the order with an integration code as it is now, None when there is none. Raises OmieError."""
    # The same question in other words, when it was asked just now: empty fields are as good as absent ones.
    named: pedido.Key = {"codigo_pedido_integracao": code}
    questions: list[pedido.Key] = [
        named,
        {**named, "codigo_pedido": 0},
        {**named, "numero_pedido": ""},
        {**named, "codigo_pedido": 0, "numero_pedido": ""},
    ]
    try:
        body = await pedido.consultar_pedido(omie, *questions, remember=False)
    except OmieError as error:
        if error.kind is Kind.NOT_FOUND:
            return None
        raise
    found = body.get("pedido_venda_produto") or {}
    header, flags = found.get("cabecalho") or {}, found.get("infoCadastro") or {}
    return SalesOrder(
        int(header["codigo_pedido"]),
        bare_number(header.get("numero_pedido")),
        str(header.get("etapa") or ""),
        from_flag(flags.get("cancelado")),
        from_flag(flags.get("faturado")),
    )


async def status(omie: Omie, order: int, code: str) -> SalesOrder:
    """Returns how an order stands now, with its invoices. Raises OmieError."""
    keys: list[pedido.IdKey] = [{"codigo_pedido": order}, {"codigo_pedido": str(order)}]
    for number in (order, str(order)):
        keys += [{"codigo_pedido": number, "codigo_pedido_integracao": each} for each in ("", code)]
    body = await pedido.status_pedido(omie, *keys, remember=False)
    return SalesOrder(
        order,
        bare_number(body.get("numero_pedido")),
        str(body.get("etapa") or ""),
        from_flag(body.get("cancelada")),
        from_flag(body.get("faturada")),
        tuple(
            {ours: str(each.get(name) or "") for ours, name in INVOICE.items()} for each in body.get("ListaNfe") or ()
        ),
    )


def included(answer: Mapping[str, Any], stage: str) -> SalesOrder:
    """Returns the order that an answer says was added at a stage."""
    return SalesOrder(int(answer["codigo_pedido"]), bare_number(answer.get("numero_pedido")), stage)
