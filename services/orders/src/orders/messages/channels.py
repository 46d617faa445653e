"""Channels as messages."""

from typing import Any

from comanda.orders.v1 import channels_pb2
from orders.domain.channel import Channel
from orders.messages import values

POLICY_PREFIXES = {"pricing_policy": "PRICING_POLICY_", "edit_policy": "EDIT_POLICY_"}


def policy(name: str, number: int, default: str) -> str:
    """Returns the short name of a policy number, or the default for an unspecified one."""
    enum: Any = channels_pb2.PricingPolicy if name == "pricing_policy" else channels_pb2.EditPolicy
    return enum.Name(number).removeprefix(POLICY_PREFIXES[name]).lower() if number else default


def policies(pricing: str, edit: str) -> dict[str, Any]:
    """Returns policies as the fields of a message."""
    return {
        "pricing_policy": f"PRICING_POLICY_{pricing.upper()}",
        "edit_policy": f"EDIT_POLICY_{edit.upper()}",
    }


def channel(found: Channel) -> channels_pb2.Channel:
    """Returns a channel's message."""
    return channels_pb2.Channel(
        code=found.code,
        name=found.name,
        **policies(found.pricing_policy, found.edit_policy),
        display_order=found.display_order,
        config=values.struct(found.config),
        config_version=found.config_version,
        is_active=found.is_active,
        currency=found.currency,
        created_at=values.time(found.created_at),
        updated_at=values.time(found.updated_at),
    )


def channel_changes(request: channels_pb2.UpdateChannelRequest) -> dict[str, Any]:
    """Returns the fields that a change names, as the domain has them."""
    names = ("name", "pricing_policy", "edit_policy", "display_order", "is_active")
    changes = {name: getattr(request, name) for name in names if request.HasField(name)}  # type: ignore[arg-type]  # all optional
    for name in POLICY_PREFIXES:
        if name in changes:
            changes[name] = policy(name, changes[name], "internal" if name == "pricing_policy" else "open")
    return changes | ({"config": values.plain(request.config)} if request.HasField("config") else {})
