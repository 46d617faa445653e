"""Ready-made configs: a till, a shop's own site or app, a marketplace, and the order management of spec 1D.2."""

from collections.abc import Mapping
from typing import Any

from kit.errors import Invalid

STOCKED = {"required_checks_on_commit": ["stock"], "post_commit_directives": ["stock.commit"]}
LABELS = {
    "new": "Novo",
    "confirmed": "Confirmado",
    "processing": "Em preparo",
    "ready": "Pronto",
    "dispatched": "Saiu para entrega",
    "delivered": "Entregue",
    "returned": "Devolvido",
    "completed": "Concluído",
    "cancelled": "Cancelado",
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "pos": {
        "order_flow": {
            "transitions": {
                "new": ["confirmed", "cancelled"],
                "confirmed": ["completed", "cancelled"],
                "completed": [],
                "cancelled": [],
            }
        },
        "terminology": {"order": "Venda", "session": "Comanda"},
        "status_labels": {name: LABELS[name] for name in ("new", "confirmed", "completed", "cancelled")},
    },
    "remote": {
        **STOCKED,
        "order_flow": {
            "auto_transitions": {
                "on_payment_confirm": "confirmed",
                "on_items_ready": "ready",
                "on_delivery_confirm": "delivered",
            }
        },
        "terminology": {"order": "Pedido", "session": "Carrinho"},
        "status_labels": LABELS,
    },
    "marketplace": {
        **STOCKED,
        "order_flow": {"auto_transitions": {"on_items_ready": "ready", "on_delivery_confirm": "delivered"}},
        "terminology": {"order": "Pedido", "session": "Pedido da plataforma"},
        "status_labels": LABELS,
    },
    "order_management": {
        **STOCKED,
        "order_flow": {
            "initial_status": "draft",
            "transitions": {
                "draft": ["pending", "cancelled"],
                "pending": ["confirmed", "cancelled"],
                "confirmed": ["processing", "cancelled"],
                "processing": ["ready_to_ship", "cancelled"],
                "ready_to_ship": ["shipped", "cancelled"],
                "shipped": ["in_transit", "delivered", "failed"],
                "in_transit": ["delivered", "failed"],
                "delivered": ["completed", "return_requested"],
                "completed": ["return_requested"],
                "return_requested": ["returned", "completed"],
                "failed": ["pending", "cancelled"],
                "returned": [],
                "cancelled": [],
                "refunded": [],
            },
            "terminal_statuses": ["returned", "cancelled", "refunded"],
            # Decision 54: who confirms a draft takes both steps.
            "shortcuts": {"draft": {"confirmed": "pending"}},
            "auto_transitions": {
                "on_payment_confirm": "confirmed",
                "on_fulfillment_pending": "processing",
                "on_fulfillment_ready_to_ship": "ready_to_ship",
                "on_fulfillment_shipped": "shipped",
                "on_delivery_confirm": "delivered",
                # Decision 56: nobody says so; that everything paid was given back does.
                "on_refund": {"to": "refunded", "from": ["delivered", "completed", "returned", "cancelled"]},
            },
        },
        "terminology": {"order": "Pedido", "session": "Orçamento"},
        "status_labels": {
            "draft": "Rascunho",
            "pending": "Pendente",
            "confirmed": "Confirmado",
            "processing": "Em separação",
            "ready_to_ship": "Pronto para envio",
            "shipped": "Enviado",
            "in_transit": "Em trânsito",
            "delivered": "Entregue",
            "completed": "Concluído",
            "return_requested": "Devolução solicitada",
            "returned": "Devolvido",
            "refunded": "Reembolsado",
            "failed": "Entrega falhou",
            "cancelled": "Cancelado",
        },
    },
}


def preset(name: str) -> Mapping[str, Any]:
    """Returns a ready-made config; an empty one for an empty name. Raises Invalid(`unknown_preset`)."""
    if name and name not in PRESETS:
        raise Invalid("unknown_preset", preset=name, valid=sorted(PRESETS))
    return PRESETS.get(name, {})
