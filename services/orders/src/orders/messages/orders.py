"""Orders and their history as messages."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from comanda.orders.v1 import orders_pb2
from kit.db import Tx
from kit.errors import DomainError
from orders import wording
from orders.domain import history
from orders.domain.flow import STAMPED, Flow
from orders.domain.order import Order
from orders.messages import sessions, values


def order(found: Order, flow: Flow, *, with_snapshot: bool = True) -> orders_pb2.Order:
    """Returns an order's message."""
    return orders_pb2.Order(
        id=str(found.id),
        ref=found.ref,
        channel_code=found.channel_code,
        session_key=found.session_key,
        handle_type=found.handle_type,
        handle_ref=found.handle_ref,
        external_ref=found.external_ref,
        status=found.status,
        status_label=flow.labels.get(found.status, ""),
        allowed_transitions=flow.next(found.status),
        items=sessions.lines(found.lines),
        subtotal_q=found.subtotal_q,
        **sessions.charges(found.charges),
        total_q=found.total_q,
        items_count=found.items_count,
        currency=found.currency,
        data=values.struct(found.data),
        snapshot=values.struct(found.snapshot) if with_snapshot else None,
        created_at=values.time(found.created_at),
        updated_at=values.time(found.updated_at),
        **_stamps(found),
        assigned_to=found.assigned_to,
    )


def _stamps(found: Order) -> dict[str, Any]:
    return {f"{status}_at": values.time(found.stamps.get(status)) for status in STAMPED}


def event(row: asyncpg.Record, labels: Mapping[str, str], language: str) -> orders_pb2.OrderEvent:
    """Returns the message of a row of an order's history; the labels are what the channel calls its statuses."""
    return orders_pb2.OrderEvent(
        seq=row["seq"],
        type=row["type"],
        actor=row["actor"],
        actor_label=row["actor_label"],
        payload=values.struct(row["payload"]),
        created_at=values.time(row["created_at"]),
        action=history.action(row["type"], row["payload"]),
        ip_address=row["address"],
        user_agent=row["agent"],
        request_id=row["request_id"],
        description=wording.described(row["type"], row["payload"], labels, language),
    )


def own_event(
    tx: Tx, seq: int, kind: str, payload: Mapping[str, Any], actor_label: str, language: str
) -> orders_pb2.OrderEvent:
    """Returns the message of an entry that the present transaction adds to an order's history."""
    return orders_pb2.OrderEvent(
        seq=seq,
        type=kind,
        actor=tx.actor,
        actor_label=actor_label,
        payload=values.struct(payload),
        created_at=values.time(tx.now),
        action=history.action(kind, payload),
        ip_address=tx.address,
        user_agent=tx.agent,
        request_id=tx.request_id,
        description=wording.described(kind, payload, {}, language),
    )


def bulk_error(ref: str, error: DomainError, message: str) -> orders_pb2.BulkError:
    """Returns what stands against the change of one of several orders."""
    return orders_pb2.BulkError(ref=ref, code=error.code, message=message, context=values.struct(error.context))
