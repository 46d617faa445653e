"""What an event of the ERP is about. Bodies differ from the API's records, and one topic's from another's (omie-api.md 4)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MOST_TRIES = 10
LONGEST_ID = 100


class About(StrEnum):
    """Which record is to be read again."""

    RECEIPT = "receipt"
    PAYABLE = "payable"
    PURCHASE_ORDER = "purchase_order"
    PRODUCT = "product"
    SALES_ORDER = "sales_order"
    INVOICED_ORDER = "invoiced_order"
    """A sales order that has an invoice now."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The record that an event is about."""

    about: About
    id: int


FOLLOWED = {
    "RecebimentoProduto.Concluido": (About.RECEIPT, "nIdReceb"),
    "Financas.ContaPagar.Incluido": (About.PAYABLE, "codigo_lancamento_omie"),
    "CompraProduto.Encerrada": (About.PURCHASE_ORDER, "nCodPed"),
    "CompraProduto.Cancelada": (About.PURCHASE_ORDER, "nCodPed"),
    "CompraProduto.Alterada": (About.PURCHASE_ORDER, "nCodPed"),
    "Produto.Incluido": (About.PRODUCT, "codigo_produto"),
    "Produto.Alterado": (About.PRODUCT, "codigo_produto"),
    "VendaProduto.Faturada": (About.INVOICED_ORDER, "idPedido"),
    "NFe.NotaAutorizada": (About.INVOICED_ORDER, "id_pedido"),
    "NFe.NotaCancelada": (About.SALES_ORDER, "id_pedido"),
    "VendaProduto.Cancelada": (About.SALES_ORDER, "idPedido"),
    "VendaProduto.EtapaAlterada": (About.SALES_ORDER, "idPedido"),
}
"""Topics from which something follows; all others are kept and ignored."""


def message_id(payload: Mapping[str, Any]) -> str:
    """Returns what tells a message from others: its id, or, in the older format that has none, a digest of all of it."""
    given = payload.get("messageId")
    if isinstance(given, str) and given:
        return given[:LONGEST_ID]
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def subject(topic: str, event: object) -> Subject | None:
    """Returns the record that an event is about; None when nothing follows from it, or it names none."""
    if topic not in FOLLOWED or not isinstance(event, Mapping):
        return None
    about, name = FOLLOWED[topic]
    inner = event.get("cabecalho", event)
    found = inner.get(name) if isinstance(inner, Mapping) else None
    if isinstance(found, int | float) and not isinstance(found, bool) and found > 0:
        return Subject(about, int(found))
    return Subject(about, int(found)) if isinstance(found, str) and found.isdigit() else None


def pause(attempts: int) -> float:
    """Returns the seconds until an event that could not be followed is tried again: 4, 8, 16, at most ten minutes."""
    return min(600.0, float(2 ** (attempts + 1)))
