"""Sessions as messages, and what callers ask of them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from comanda.orders.v1 import sessions_pb2
from kit import ids
from kit.errors import Invalid
from orders.domain.issues import Action, Issue
from orders.domain.ops import Op, quantity
from orders.domain.session import Charges, Committed, Line, Opening, Session
from orders.messages import channels, values


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
        meta=values.plain(given.meta) if given.HasField("meta") else None,
        line_id=given.line_id or fresh_id,
        from_line_id=given.from_line_id,
        into_line_id=given.into_line_id,
        path=given.path,
        value=values.plain(given.value) if given.HasField("value") else None,
        discount_q=given.discount_q if given.HasField("discount_q") else None,
        shipping_q=given.shipping_q if given.HasField("shipping_q") else None,
        tax_q=given.tax_q if given.HasField("tax_q") else None,
    )


def part(given: sessions_pb2.SplitLine) -> tuple[str, Decimal | None]:
    """Returns the line to be moved into another session, and how much of it: None for all. Raises Invalid(`invalid_qty`)."""
    return given.line_id, quantity(given.qty) if given.qty else None


def issue(given: sessions_pb2.CheckIssue) -> Issue:
    """Returns a reported issue; what has no id gets one. Raises Invalid(`misplaced_actions`) rather than lose an action."""
    actions = [
        Action(each.id or ids.code("ACT", 8), each.label, [_op(wanted) for wanted in each.ops])
        for each in given.actions
    ]
    context = values.plain(given.context)
    if "actions" in context:
        raise Invalid("misplaced_actions", field="issues.context.actions")
    return Issue(given.id or ids.code("ISS", 8), given.code, given.blocking, given.message, context, actions)


def lines(found: Iterable[Line]) -> list[sessions_pb2.Line]:
    """Returns the messages of lines."""
    return [
        sessions_pb2.Line(
            line_id=line.line_id,
            sku=line.sku,
            name=line.name,
            qty=str(line.qty),
            unit_price_q=line.unit_price_q,
            line_total_q=line.line_total_q,
            meta=values.struct(line.meta),
        )
        for line in found
    ]


def charges(found: Charges) -> dict[str, Any]:
    """Returns charges as the fields of a message."""
    return {"discount_q": found.discount_q, "shipping_q": found.shipping_q, "tax_q": found.tax_q}


def opening(request: sessions_pb2.OpenSessionRequest) -> Opening:
    """Returns what a caller asks when he opens a session."""
    return Opening(
        channel_code=request.channel_code,
        session_key=request.session_key,
        handle_type=request.handle_type,
        handle_ref=request.handle_ref,
        data=values.plain(request.data),
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
        **channels.policies(found.pricing_policy, found.edit_policy),
        rev=found.rev,
        items=lines(found.lines),
        data=values.struct({**found.data, "checks": dict(found.checks), "issues": list(found.issues)}),
        subtotal_q=found.subtotal_q,
        **charges(found.charges),
        total_q=found.total_q,
        items_count=len(found.lines),
        currency=found.currency,
        order_ref=found.order_ref,
        commit_token=found.commit_token,
        opened_at=values.time(found.opened_at),
        committed_at=values.time(found.committed_at),
        updated_at=values.time(found.updated_at),
    )
