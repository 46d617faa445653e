"""Domain ⇄ protobuf."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg
from google.protobuf import json_format, struct_pb2, timestamp_pb2
from google.protobuf.message import Message

from comanda.orders.v1 import (
    channels_pb2,
    directives_pb2,
    fulfillments_pb2,
    notes_pb2,
    orders_pb2,
    refs_pb2,
    sessions_pb2,
)
from kit import ids
from kit.db import Tx
from kit.errors import DomainError
from kit.status import integral
from orders import wording
from orders.domain import history
from orders.domain.channel import Channel
from orders.domain.directive import Directive
from orders.domain.flow import STAMPED, Flow
from orders.domain.fulfillment import Fulfillment
from orders.domain.issues import Action, Issue
from orders.domain.note import Note
from orders.domain.ops import Op, quantity
from orders.domain.order import Order
from orders.domain.ref import Place, Ref, numbered
from orders.domain.session import Charges, Committed, Line, Opening, Session

FULFILLMENT_STATUS = "FULFILLMENT_STATUS_"
POLICY_PREFIXES = {"pricing_policy": "PRICING_POLICY_", "edit_policy": "EDIT_POLICY_"}


def plain(struct: struct_pb2.Struct | struct_pb2.Value) -> Any:
    """Returns a Struct or Value as Python, with whole numbers as integers."""
    return integral(json_format.MessageToDict(struct))


def struct(value: Mapping[str, Any]) -> struct_pb2.Struct:
    """Returns a mapping as a Struct."""
    made = struct_pb2.Struct()
    if value:
        made.update(value)
    return made


def _time(value: datetime | None) -> timestamp_pb2.Timestamp | None:
    if value is None:
        return None
    made = timestamp_pb2.Timestamp()
    made.FromDatetime(value)
    return made


def policy(name: str, number: int, default: str) -> str:
    """Returns the short name of a policy number, or the default for an unspecified one."""
    enum: Any = channels_pb2.PricingPolicy if name == "pricing_policy" else channels_pb2.EditPolicy
    return enum.Name(number).removeprefix(POLICY_PREFIXES[name]).lower() if number else default


def _policies(pricing: str, edit: str) -> dict[str, Any]:
    return {
        "pricing_policy": f"PRICING_POLICY_{pricing.upper()}",
        "edit_policy": f"EDIT_POLICY_{edit.upper()}",
    }


def channel(found: Channel) -> channels_pb2.Channel:
    """Returns a channel's message."""
    return channels_pb2.Channel(
        code=found.code,
        name=found.name,
        **_policies(found.pricing_policy, found.edit_policy),
        display_order=found.display_order,
        config=struct(found.config),
        config_version=found.config_version,
        is_active=found.is_active,
        currency=found.currency,
        created_at=_time(found.created_at),
        updated_at=_time(found.updated_at),
    )


def channel_changes(request: channels_pb2.UpdateChannelRequest) -> dict[str, Any]:
    """Returns the fields that a change names, as the domain has them."""
    names = ("name", "pricing_policy", "edit_policy", "display_order", "is_active")
    changes = {name: getattr(request, name) for name in names if request.HasField(name)}  # type: ignore[arg-type]  # all optional
    for name in POLICY_PREFIXES:
        if name in changes:
            changes[name] = policy(name, changes[name], "internal" if name == "pricing_policy" else "open")
    return changes | ({"config": plain(request.config)} if request.HasField("config") else {})


def ops(given: Iterable[sessions_pb2.SessionOp]) -> list[Op]:
    """Returns operations as the domain has them; a line that is added gets an id unless it comes with one."""
    return [_op(each, ids.code("L", 8) if each.op == "add_line" else "") for each in given]


def _op(given: sessions_pb2.SessionOp, fresh_id: str = "") -> Op:
    return Op(
        op=given.op,
        sku=given.sku,
        qty=given.qty,
        unit_price_q=given.unit_price_q if given.HasField("unit_price_q") else None,
        name=given.name if given.HasField("name") else None,
        meta=plain(given.meta) if given.HasField("meta") else None,
        line_id=given.line_id or fresh_id,
        from_line_id=given.from_line_id,
        into_line_id=given.into_line_id,
        path=given.path,
        value=plain(given.value) if given.HasField("value") else None,
        discount_q=given.discount_q if given.HasField("discount_q") else None,
        shipping_q=given.shipping_q if given.HasField("shipping_q") else None,
        tax_q=given.tax_q if given.HasField("tax_q") else None,
    )


def part(given: sessions_pb2.SplitLine) -> tuple[str, Decimal | None]:
    """Returns the line to be moved into another session, and how much of it: None for all. Raises Invalid(`invalid_qty`)."""
    return given.line_id, quantity(given.qty) if given.qty else None


def issue(given: sessions_pb2.CheckIssue) -> Issue:
    """Returns a reported issue; what has no id gets one."""
    actions = [
        Action(each.id or ids.code("ACT", 8), each.label, [_op(wanted) for wanted in each.ops])
        for each in given.actions
    ]
    context = plain(given.context)
    return Issue(given.id or ids.code("ISS", 8), given.code, given.blocking, given.message, context, actions)


def _lines(lines: Iterable[Line]) -> list[sessions_pb2.Line]:
    return [
        sessions_pb2.Line(
            line_id=line.line_id,
            sku=line.sku,
            name=line.name,
            qty=str(line.qty),
            unit_price_q=line.unit_price_q,
            line_total_q=line.line_total_q,
            meta=struct(line.meta),
        )
        for line in lines
    ]


def _charges(charges: Charges) -> dict[str, Any]:
    return {"discount_q": charges.discount_q, "shipping_q": charges.shipping_q, "tax_q": charges.tax_q}


def opening(request: sessions_pb2.OpenSessionRequest) -> Opening:
    """Returns what a caller asks when he opens a session."""
    return Opening(
        channel_code=request.channel_code,
        session_key=request.session_key,
        handle_type=request.handle_type,
        handle_ref=request.handle_ref,
        data=plain(request.data),
        ops=ops(request.ops),
    )


def commit(made: Committed, key: str) -> sessions_pb2.CommitSessionResponse:
    """Returns the answer to a commit."""
    answer = sessions_pb2.Commit(
        order_ref=made.order_ref,
        order_id=made.order_id,
        status="committed" if made.created else "already_committed",
        total_q=made.total_q,
        items_count=made.items_count,
        idempotency_key=key,
    )
    return sessions_pb2.CommitSessionResponse(commit=answer, created=made.created)


def session(found: Session) -> sessions_pb2.Session:
    """Returns a session's message; checks and issues stand in its data."""
    return sessions_pb2.Session(
        id=str(found.id),
        session_key=found.session_key,
        channel_code=found.channel_code,
        handle_type=found.handle_type,
        handle_ref=found.handle_ref,
        state=f"SESSION_STATE_{found.state.upper()}",  # type: ignore[arg-type]  # protobuf takes an enum's name, too
        **_policies(found.pricing_policy, found.edit_policy),
        rev=found.rev,
        items=_lines(found.lines),
        data=struct({**found.data, "checks": dict(found.checks), "issues": list(found.issues)}),
        subtotal_q=found.subtotal_q,
        **_charges(found.charges),
        total_q=found.total_q,
        items_count=len(found.lines),
        currency=found.currency,
        order_ref=found.order_ref,
        commit_token=found.commit_token,
        opened_at=_time(found.opened_at),
        committed_at=_time(found.committed_at),
        updated_at=_time(found.updated_at),
    )


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
        items=_lines(found.lines),
        subtotal_q=found.subtotal_q,
        **_charges(found.charges),
        total_q=found.total_q,
        items_count=found.items_count,
        currency=found.currency,
        data=struct(found.data),
        snapshot=struct(found.snapshot) if with_snapshot else None,
        created_at=_time(found.created_at),
        updated_at=_time(found.updated_at),
        **_stamps(found),
        assigned_to=found.assigned_to,
    )


def _stamps(found: Order) -> dict[str, Any]:
    return {f"{status}_at": _time(found.stamps.get(status)) for status in STAMPED}


def event(row: asyncpg.Record, labels: Mapping[str, str], language: str) -> orders_pb2.OrderEvent:
    """Returns the message of a row of an order's history; the labels are what the channel calls its statuses."""
    return orders_pb2.OrderEvent(
        seq=row["seq"],
        type=row["type"],
        actor=row["actor"],
        actor_label=row["actor_label"],
        payload=struct(row["payload"]),
        created_at=_time(row["created_at"]),
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
        payload=struct(payload),
        created_at=_time(tx.now),
        action=history.action(kind, payload),
        ip_address=tx.address,
        user_agent=tx.agent,
        request_id=tx.request_id,
        description=wording.described(kind, payload, {}, language),
    )


def bulk_error(ref: str, error: DomainError, message: str) -> orders_pb2.BulkError:
    """Returns what stands against the change of one of several orders."""
    return orders_pb2.BulkError(ref=ref, code=error.code, message=message, context=struct(error.context))


def note(found: Note) -> notes_pb2.Note:
    """Returns a note's message."""
    return notes_pb2.Note(
        id=str(found.id),
        order_ref=found.order_ref,
        note=found.note,
        is_internal=found.is_internal,
        notify_customer=found.notify_customer,
        notified_at=_time(found.notified_at),
        created_by=found.created_by,
        created_at=_time(found.created_at),
        updated_at=_time(found.updated_at),
    )


def ref(found: Ref) -> refs_pb2.Ref:
    """Returns a ref's message."""
    place = found.place
    return refs_pb2.Ref(
        id=str(found.id),
        type=found.type,
        value=found.value,
        scope=struct(found.scope),
        target=refs_pb2.REF_TARGET_ORDER if place.order_ref else refs_pb2.REF_TARGET_SESSION,
        channel_code=place.channel_code,
        session_key=place.session_key,
        order_ref=place.order_ref,
        is_active=found.is_active,
        created_at=_time(found.created_at),
    )


def place(request: Any) -> Place:
    """Returns the session or order that a request about refs names."""
    return Place(request.channel_code, request.session_key, request.order_ref)


def sequence(name: str, scope: Mapping[str, str], number: int) -> refs_pb2.RefSequence:
    """Returns a sequence's message."""
    return refs_pb2.RefSequence(name=name, scope=struct(scope), value=numbered(number))


def fulfillment_status(number: int) -> str:
    """Returns the short name of a fulfilment's status."""
    name: str = fulfillments_pb2.FulfillmentStatus.Name(number)  # type: ignore[arg-type]  # an open enum
    return name.removeprefix(FULFILLMENT_STATUS).lower()


def fulfillment(found: Fulfillment) -> fulfillments_pb2.Fulfillment:
    """Returns a fulfilment's message."""
    items = [
        fulfillments_pb2.FulfillmentItem(line_id=each.line_id, qty=str(each.qty), sku=each.sku, name=each.name)
        for each in found.items
    ]
    return fulfillments_pb2.Fulfillment(
        number=found.number,
        order_ref=found.order_ref,
        status=f"{FULFILLMENT_STATUS}{found.status.upper()}",  # type: ignore[arg-type]  # protobuf takes an enum's name, too
        allowed_transitions=[f"{FULFILLMENT_STATUS}{status.upper()}" for status in found.next],  # type: ignore[misc]  # as above
        items=items,
        assigned_to=found.assigned_to,
        warehouse_location=found.warehouse_location,
        box_size=found.box_size,
        weight="" if found.weight is None else str(found.weight),
        carrier=found.carrier,
        tracking_number=found.tracking_number,
        tracking_url=found.tracking_url,
        picking_notes=found.picking_notes,
        packing_notes=found.packing_notes,
        created_at=_time(found.created_at),
        updated_at=_time(found.updated_at),
        **{name: _time(value) for name, value in found.stamps.items()},
    )


def directive(found: Directive) -> directives_pb2.Directive:
    """Returns a directive's message."""
    return directives_pb2.Directive(
        id=str(found.id),
        topic=found.topic,
        status=found.status,
        payload=struct(found.payload),
        order_ref=found.order_ref,
        session_key=found.session_key,
        attempts=found.attempts,
        available_at=_time(found.available_at),
        error_code=found.error_code,
        last_error=found.last_error,
        created_at=_time(found.created_at),
        started_at=_time(found.started_at),
        updated_at=_time(found.updated_at),
    )


def json_of(message: Message) -> dict[str, Any]:
    """Returns a message of another context as plain JSON with every field present, so that it can be stored."""
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def instant(message: Message, name: str) -> datetime | None:
    """Returns a time of a request; None where it was not given."""
    return getattr(message, name).ToDatetime(tzinfo=UTC) if message.HasField(name) else None
