"""Refs and sequences as messages."""

from collections.abc import Mapping
from typing import Any

from comanda.orders.v1 import refs_pb2
from orders.domain.ref import Place, Ref, numbered
from orders.messages import values


def ref(found: Ref) -> refs_pb2.Ref:
    """Returns a ref's message."""
    place = found.place
    return refs_pb2.Ref(
        id=str(found.id),
        type=found.type,
        value=found.value,
        scope=values.struct(found.scope),
        target=refs_pb2.REF_TARGET_ORDER if place.order_ref else refs_pb2.REF_TARGET_SESSION,
        channel_code=place.channel_code,
        session_key=place.session_key,
        order_ref=place.order_ref,
        is_active=found.is_active,
        created_at=values.time(found.created_at),
    )


def place(request: Any) -> Place:
    """Returns the session or order that a request about refs names."""
    return Place(request.channel_code, request.session_key, request.order_ref)


def sequence(name: str, scope: Mapping[str, str], number: int) -> refs_pb2.RefSequence:
    """Returns a sequence's message."""
    return refs_pb2.RefSequence(name=name, scope=values.struct(scope), value=numbered(number))
