"""When a purchase order is closed, and what can be done about one that is not (source 002, RF-002; omie-api.md 2.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

CLOSED_WORDS = frozenset({"fechado", "encerrado", "finalizado"})
"""What accounts with a closing call answer as `cStatus` of an order that is closed, in any case of letters."""
ALREADY = "Pedido já estava encerrado"
TO_RECEIVE = "40"


class Situation(StrEnum):
    """How an order stands: no field of it says so, it only shows by which search finds it."""

    OPEN = "Aberto"
    CLOSED = "Encerrado"
    RECEIVED = "Recebido"
    CANCELLED = "Cancelado"


@dataclass(frozen=True, slots=True)
class Match:
    """An item of a receipt, and the item of the order that it delivers."""

    sequence: int
    item: int


def instruction(order: str, item: str, invoice: str, invoice_id: int) -> str:
    """Returns what a person is to do in the ERP, where no call closes an order."""
    which = f"o item {item} do pedido de compra {order}" if item else f"o pedido de compra {order}"
    return (
        f"A API da Omie não encerra pedidos de compra. Na Omie, em Compras > Pedidos de Compra, abra {which}, escolha Encerrar e"
        f" informe como motivo a NF de serviço {invoice} (id {invoice_id}). O encerramento será confirmado aqui automaticamente."
    )


def matches(receipt: Sequence[Mapping[str, Any]], order: Sequence[Mapping[str, Any]], item: str) -> list[Match]:
    """Returns which items of a receipt deliver which of the order: those of the same product, or the only ones there are.

    An item of the order is meant by its id, its integration code, or its place (`001` is the first).
    """
    wanted = [each for at, each in enumerate(order, 1) if not item or _is_meant(each, at, item)]
    heads = [each["itensCabec"] for each in receipt]
    if len(heads) == len(wanted) == 1:
        return [Match(int(heads[0]["nSequencia"]), int(wanted[0]["nCodItem"]))]
    by_product = {each["nCodProd"]: int(each["nCodItem"]) for each in wanted if each.get("nCodProd")}
    found = [(head, by_product.get(head.get("nIdProduto"))) for head in heads]
    return [Match(int(head["nSequencia"]), target) for head, target in found if target is not None]


def _is_meant(item: Mapping[str, Any], place: int, wanted: str) -> bool:
    if wanted in (str(item.get("nCodItem")), str(item.get("cCodIntItem"))):
        return True
    return wanted.isdigit() and int(wanted) == place
