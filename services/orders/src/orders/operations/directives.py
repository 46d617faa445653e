"""Queues work and sends it; what an operator does about it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
from google.protobuf import json_format
from google.protobuf.message import Message

from comanda.erp.directives.v1 import directives_pb2 as erp
from comanda.inventory.directives.v1 import directives_pb2 as inventory
from comanda.orders.directives.v1 import directives_pb2 as own
from comanda.orders.events.v1 import events_pb2
from comanda.sales.directives.v1 import directives_pb2 as sales
from kit import contract, directives, outbox
from kit.db import Tx
from kit.errors import Invalid, NotFound, Refused
from kit.ids import uuid7
from kit.interceptors import violations
from orders.domain import checks
from orders.domain import directive as domain
from orders.domain.delivery import kind_of
from orders.domain.directive import CANCELLED, DONE, Directive, Task
from orders.domain.order import intent
from orders.operations import exports
from orders.store import deliveries, orders
from orders.store import directives as store

OWNED: tuple[type[Message], ...] = (
    inventory.HoldStock,
    inventory.CommitStock,
    inventory.ReleaseStock,
    inventory.RestockStock,
    sales.AuthorizePayment,
    sales.CapturePayment,
    sales.RefundPayment,
    sales.HoldCredit,
    sales.PostCredit,
    sales.ReleaseCredit,
    erp.ExportOrder,
    erp.TransferAttachments,
    erp.ClosePurchaseOrder,
)
OUTBOUND: tuple[type[Message], ...] = (own.SendNotification, own.DispatchDelivery)


@cache
def types() -> dict[str, type[Message]]:
    """Returns the message type of each topic that a service executes; others stay queued."""
    return {topic: each for each in OWNED for topic in contract.topics(each)}


@cache
def known() -> dict[str, type[Message]]:
    """Returns the message type of each topic that is not a business's own invention."""
    return types() | {topic: each for each in OUTBOUND for topic in contract.topics(each)}


def enqueue(tx: Tx, tasks: Iterable[Task], business: UUID | None = None) -> list[UUID]:
    """Queues work with the transaction, and returns the ids; what is due at once and has an executor leaves with the commit.

    The business is the caller's unless given.
    """
    owner = business or tx.business
    rows = [_row(tx, task) for task in tasks]
    if rows:
        store.insert(tx, owner, rows)
    if sent := [
        (row.id, row.topic, kind_of(row.topic, row.payload), row.available_at) for row in rows if not _owned(row)
    ]:
        deliveries.insert(tx, owner, sent)
    for row in rows:
        if row.leased_until:
            send(tx, owner, row.id, row.topic, row.payload, row.attempts, row.order_ref or row.session_key)
    return [row.id for row in rows]


def _owned(row: store.Row | Directive) -> bool:
    """Whether a service executes it; what is not owned is sent out of the house."""
    return row.topic in types()


def _row(tx: Tx, task: Task) -> store.Row:
    owned = task.topic in types()
    now = owned and task.available_at is None
    lease = store.lease(tx.now) if now else None
    return store.Row(
        id=uuid7(),
        topic=task.topic,
        payload=task.payload,
        order_ref=task.order_ref,
        channel_code=task.channel_code,
        session_key=task.session_key,
        attempts=int(now),
        available_at=task.available_at or tx.now,
        due_at=store.NEVER if not owned else lease or task.available_at,
        leased_until=lease,
        started_at=tx.now if now else None,
    )


def send(tx: Tx, business: UUID, identifier: UUID, topic: str, payload: Any, attempt: int, about: str) -> None:
    """Sends an attempt at a directive to its executor, with the transaction."""
    message = read(topic, payload)
    aggregate = f"directive/{about}"
    wrapped = directives.dispatch(
        message, directive_id=identifier, attempt=attempt, business=business, aggregate=aggregate, tx=tx
    )
    outbox.add(tx, aggregate, wrapped, business=business)


def read(topic: str, payload: Mapping[str, Any]) -> Message:
    """Returns the message of a known topic that a payload stands for. Raises json_format.ParseError."""
    kind = known()[topic]
    try:
        return kind(**payload)
    except (TypeError, ValueError):
        # Read as JSON, which costs 25 times as much: times as text, names in camel case, and more than the executor needs,
        # because what a channel queues after a commit is the same for every topic.
        return json_format.ParseDict(dict(payload), kind(), ignore_unknown_fields=True)


def tell_failed(tx: Tx, row: asyncpg.Record) -> None:
    """Tells others of a directive that failed for good."""
    event = events_pb2.DirectiveFailed(
        directive_id=str(row["id"]),
        topic=row["topic"],
        order_ref=row["order_ref"],
        error_code=row["error_code"],
        error=row["last_error"],
    )
    outbox.add(tx, f"directive/{row['id']}", event, business=row["business_id"])


async def create(
    tx: Tx, topic: str, payload: Mapping[str, Any], order_ref: str, available_at: datetime | None
) -> Directive:
    """Queues the work that a caller asks for.

    Raises Invalid (`invalid_payload`, `order_ref_mismatch`), or NotFound for an order to be booked that there is not.
    """
    task = domain.task(topic, payload, order_ref, available_at, tx.now)
    if topic == exports.TOPIC:
        task = await exports.asked(tx, task)
    if topic in known():
        _check(task)
    task = await _with_intent(tx, task)
    if topic == checks.HOLD and task.available_at is None:
        # Left to the sweep, which looks at the session first.
        task = replace(task, available_at=tx.now)
    [identifier] = enqueue(tx, [task])
    await tx.flush()
    return await _locked(tx, str(identifier))


def _check(task: Task) -> None:
    """Raises Invalid(`invalid_payload`) for work that its executor could never do."""
    try:
        broken = violations(read(task.topic, task.payload))
    except json_format.ParseError as error:
        raise Invalid("invalid_payload", topic=task.topic, reason=str(error), field="payload") from error
    if broken:
        reason = "; ".join(f"{each.field} {each.message}" for each in broken)
        inside = [replace(each, field=f"payload.{each.field}") for each in broken]
        raise Invalid("invalid_payload", violations=inside, topic=task.topic, reason=reason, field=inside[0].field)


async def _with_intent(tx: Tx, task: Task) -> Task:
    """Returns work on a payment with the intent that the data of its order names, where it names none itself (O-P5)."""
    if not task.topic.startswith("payment.") or task.payload.get("intent_id") or not task.order_ref:
        return task
    found = await orders.order(tx, task.order_ref)
    return replace(task, payload={**task.payload, "intent_id": intent(found.order)}) if found else task


async def retry(tx: Tx, identifier: str) -> Directive:
    """Makes a directive due at once with its failures forgotten; raises NotFound, or Refused for a done or cancelled one."""
    found = await _locked(tx, identifier, DONE, CANCELLED)
    if _owned(found):
        return await store.requeue(tx, found.id, tx.now)
    await deliveries.revive(tx, found.id)
    return await store.requeue(tx, found.id, store.NEVER)


async def cancel(tx: Tx, identifier: str) -> Directive:
    """Takes a directive out of the queue; harmless when it is cancelled already; raises NotFound, or Refused for a done one."""
    found = await _locked(tx, identifier, DONE)
    await deliveries.cancel(tx, found.id)
    return await store.cancel(tx, found.id)


async def _locked(tx: Tx, identifier: str, *refused: str) -> Directive:
    found = await store.directive(tx, UUID(identifier), lock=True)
    if found is None:
        raise NotFound("not_found", id=identifier)
    if found.status in refused:
        raise Refused("directive_settled", id=identifier, status=found.status)
    return found
