"""What entries of an order's history say, in words (the `description` of source 004)."""

from collections.abc import Mapping
from typing import Any

from kit.texts import Text
from orders.domain import history

ENTRIES: Mapping[str, Text] = {
    history.CREATED: Text("Order created", "Pedido criado"),
    history.STATUS_CHANGED: Text(
        "Order status changed from {old_status} to {new_status}",
        "Status do pedido mudou de {old_status} para {new_status}",
    ),
    history.CANCELLED: Text("Order cancelled", "Pedido cancelado"),
    history.DATA_UPDATED: Text("Order data changed", "Dados do pedido alterados"),
    history.ASSIGNED: Text("Order assigned to {assigned_to}", "Pedido atribuído a {assigned_to}"),
    history.REFUND_REQUESTED: Text("Refund requested", "Reembolso solicitado"),
    history.NOTE_ADDED: Text("Note added", "Nota adicionada"),
    history.NOTE_UPDATED: Text("Note changed", "Nota alterada"),
    history.NOTE_DELETED: Text("Note removed", "Nota removida"),
    history.PAYMENT_AUTHORIZED: Text("Payment authorized", "Pagamento autorizado"),
    history.PAYMENT_CAPTURED: Text("Payment captured", "Pagamento capturado"),
    history.PAYMENT_REFUNDED: Text("Payment refunded", "Pagamento reembolsado"),
    history.PAYMENT_FAILED: Text("Payment failed", "Pagamento falhou"),
    history.INVENTORY_RELEASED: Text("Stock given back", "Estoque devolvido"),
    history.PRICE_OVERRIDDEN: Text("Prices set by hand", "Preços definidos à mão"),
    history.FULFILLMENT_CREATED: Text("Fulfilment {number} begun", "Separação {number} iniciada"),
    history.FULFILLMENT_STATUS_CHANGED: Text(
        "Fulfilment {number} changed from {old_status} to {new_status}",
        "Separação {number} mudou de {old_status} para {new_status}",
    ),
    history.FULFILLMENT_UPDATED: Text("Fulfilment {number} changed", "Separação {number} alterada"),
    history.FULFILLMENT_ASSIGNED: Text(
        "Fulfilment {number} assigned to {assigned_to}", "Separação {number} atribuída a {assigned_to}"
    ),
    history.RETURN_REQUESTED: Text("Return {number} requested", "Devolução {number} solicitada"),
    history.RETURN_RECEIVED: Text("Return {number} received", "Devolução {number} recebida"),
    history.RETURN_CANCELLED: Text("Return {number} cancelled", "Devolução {number} cancelada"),
    history.ERP_BOOKED: Text("Booked in the ERP", "Lançado no ERP"),
    history.ERP_INVOICED: Text("Invoiced in the ERP", "Faturado no ERP"),
    history.ERP_CANCELLED: Text("Cancelled in the ERP", "Cancelado no ERP"),
}
"""The words for what the hub itself writes; a caller's own remarks speak for themselves."""
NOTES = Text("Notes", "Observações")
BESIDE = {"reason": NOTES, "notes": NOTES, "preview": NOTES, "error": Text("Error", "Erro")}
"""What an entry may say beside; the first of them that it does counts."""


def described(kind: str, payload: Mapping[str, Any], labels: Mapping[str, str], language: str) -> str:
    """Returns an entry's words in the language ("pt" or "en"), its statuses as the channel calls them; empty for a remark."""
    words = ENTRIES.get(kind)
    if words is None:
        return ""
    called = labels if kind == history.STATUS_CHANGED else {}
    values = {name: called.get(str(value), value) for name, value in payload.items()}
    said = _in(language, words).format_map(values)
    beside = next((f". {_in(language, BESIDE[name])}: {payload[name]}" for name in BESIDE if payload.get(name)), "")
    return said + beside


def _in(language: str, words: Text) -> str:
    return words.pt if language == "pt" else words.en
