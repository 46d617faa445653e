"""What notifications say, and to whom (spec 1A.8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TEMPLATES: Mapping[str, tuple[str, str]] = {
    "order.created": ("Pedido {order_ref} recebido", "Recebemos o seu pedido {order_ref}."),
    "order.confirmed": ("Pedido {order_ref} confirmado", "O seu pedido {order_ref} foi confirmado."),
    "order.ready": ("Pedido {order_ref} pronto", "O seu pedido {order_ref} está pronto."),
    "order.dispatched": ("Pedido {order_ref} a caminho", "O seu pedido {order_ref} saiu para entrega."),
    "order.delivered": ("Pedido {order_ref} entregue", "O seu pedido {order_ref} foi entregue."),
    "order.cancelled": ("Pedido {order_ref} cancelado", "O seu pedido {order_ref} foi cancelado."),
    "order.note": ("Sobre o seu pedido {order_ref}", "{note}"),
    "preorder_reminder": (
        "Lembrete do pedido {order_ref}",
        "Olá, {customer_name}! O seu pedido {order_ref} é para {delivery_date}. {delivery_time_slot}",
    ),
}
LABELLED = ("{called} {order_ref}: {status_label}", "{called} {order_ref}: {status_label}.")
"""For a status without a template, in the words of the channel."""
FALLBACK = ("{called} {order_ref}", "Há novidades sobre o pedido {order_ref}: {event}.")
CALLED = "Pedido"


@dataclass(frozen=True, slots=True)
class Message:
    """What is said to somebody."""

    recipient: str
    subject: str
    body: str


def message(payload: Mapping[str, Any], order_ref: str, customer_email: str) -> Message:
    """Returns what a notification says. A template that is unknown, or lacks a value, gives way to words for any event."""
    event = _text(payload, "event") or _text(payload, "template")
    context = payload.get("context")
    given = context if isinstance(context, Mapping) else {}
    values = {"called": CALLED, **given, "order_ref": order_ref, "event": event}
    subject, body = _filled(_text(payload, "template"), event, values)
    return Message(
        recipient=_text(payload, "recipient") or customer_email,
        subject=" ".join((_text(payload, "subject") or subject).split()),
        body=_text(payload, "body") or body,
    )


def context(status: str, labels: Mapping[str, str], terms: Mapping[str, str]) -> dict[str, str]:
    """Returns what a channel says of an order in its own words: its status, and what an order is called there."""
    named = {"status": status, "status_label": labels.get(status), "called": terms.get("order")}
    return {name: text for name, text in named.items() if text}


def _filled(template: str, event: str, values: Mapping[str, Any]) -> tuple[str, str]:
    words = TEMPLATES.get(template) or TEMPLATES.get(event) or (LABELLED if "status_label" in values else FALLBACK)
    try:
        return words[0].format_map(values), words[1].format_map(values)
    except KeyError:
        return FALLBACK[0].format_map(values), FALLBACK[1].format_map(values)


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""
