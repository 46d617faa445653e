"""Directives as messages."""

from comanda.orders.v1 import directives_pb2
from orders.domain.directive import Directive
from orders.messages import values


def directive(found: Directive) -> directives_pb2.Directive:
    """Returns a directive's message."""
    return directives_pb2.Directive(
        id=str(found.id),
        topic=found.topic,
        status=found.status,
        payload=values.struct(found.payload),
        order_ref=found.order_ref,
        session_key=found.session_key,
        attempts=found.attempts,
        available_at=values.time(found.available_at),
        error_code=found.error_code,
        last_error=found.last_error,
        created_at=values.time(found.created_at),
        started_at=values.time(found.started_at),
        updated_at=values.time(found.updated_at),
    )
