"""Sessions: opened, changed, given up."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from comanda.orders.events.v1 import events_pb2
from kit import ids, outbox
from kit.db import Tx
from kit.errors import Invalid, NotFound
from orders.domain import channel, checks
from orders.domain import ops as domain_ops
from orders.domain import session as domain
from orders.domain.directive import Task, release
from orders.domain.ops import Op, Prices
from orders.domain.pipeline import DRAFT, STANDARD
from orders.domain.session import Opening, Session
from orders.operations import directives
from orders.store import sessions as store

SETTLING, PATIENCE = timedelta(seconds=1), 3


async def open_session(tx: Tx, asked: Opening, prices: Prices) -> tuple[Session, bool, Sequence[str]]:
    """Opens a session, or returns the one that is open under the handle; tells whether it is new, and which checks were asked for.

    Raises Invalid for an unknown or inactive channel, bad data, or bad ops, and Duplicate(`session_exists`) for a
    key that is taken.
    """
    if bool(asked.handle_type) != bool(asked.handle_ref):
        raise Invalid("incomplete_handle")
    domain_ops.check_data(asked.data)
    row, existing = await store.channel_and_open_session(tx, asked.channel_code, asked.handle_type, asked.handle_ref)
    if row is None or not row["is_active"]:
        raise Invalid("unknown_channel", channel_code=asked.channel_code)
    if existing:
        return existing, False, ()
    session = Session(
        id=ids.uuid7(),
        channel_code=asked.channel_code,
        session_key=asked.session_key or ids.code("SESS", 12),
        handle_type=asked.handle_type,
        handle_ref=asked.handle_ref,
        pricing_policy=row["channel_pricing_policy"],
        edit_policy=row["channel_edit_policy"],
        currency=row["channel_currency"],
        opened_at=tx.now,
        updated_at=tx.now,
        data=dict(asked.data),
    )
    rules = channel.rules(row["channel_config"])
    if asked.ops:
        session = apply(tx, session, asked.ops, prices, rules)
    store.insert_session(tx, session)
    return session, True, rules.required_checks if asked.ops else ()


async def modify_session(
    tx: Tx, key: str, channel_code: str, expected_rev: int | None, ops: Sequence[Op], prices: Prices
) -> Session:
    """Applies operations, all or none, as one new revision. Raises NotFound, Refused, Conflict(`stale_revision`), or Invalid."""
    found = await locked(tx, key, channel_code)
    domain.check_modifiable(found.session, expected_rev)
    session = apply(tx, found.session, ops, prices, channel.rules(found.config))
    store.update_session(tx, session)
    return session


def apply(tx: Tx, session: Session, ops: Sequence[Op], prices: Prices, rules: channel.Rules) -> Session:
    """Returns the session one revision on, with the work queued that its checks ask for. Raises Invalid."""
    named = [replace(op, line_id=ids.code("L", 8)) if op.op == "add_line" and not op.line_id else op for op in ops]
    return revised(tx, domain_ops.apply(session, named, prices), rules)


def revised(tx: Tx, session: Session, rules: channel.Rules, *, taking_over: bool = False) -> Session:
    """Returns a session whose lines have changed one revision on, as its channel's modifiers and validators will have it.

    Its checks are asked for; those of one that takes lines over from another session, with patience. Raises Invalid.
    """
    session = STANDARD.modified(session, rules.own)
    STANDARD.validate(DRAFT, session, rules.own)
    session = domain.changed(session, tx.now)
    ask_for_checks(tx, session, rules, taking_over=taking_over)
    return session


def ask_for_checks(tx: Tx, session: Session, rules: channel.Rules, *, taking_over: bool = False) -> None:
    """Queues the work that the required checks of the present revision ask for.

    What takes lines over asks a moment later, and is tried again: only then is free what the other session gives up.
    """
    due = tx.now + SETTLING if taking_over else None
    directives.enqueue(tx, [_check_task(session, code, rules, due) for code in rules.required_checks])


def _check_task(session: Session, code: str, rules: channel.Rules, due: datetime | None) -> Task:
    payload: dict[str, Any] = {
        "session_key": session.session_key,
        "channel_code": session.channel_code,
        "rev": session.rev,
        "items": domain.demand(session.lines),
    }
    if code == checks.STOCK and rules.hold_minutes:
        payload["ttl"] = f"{rules.hold_minutes * 60}s"
    if code == checks.STOCK and due:
        payload["patience"] = PATIENCE
    return Task(rules.check_topics[code], payload, session.channel_code, session.session_key, available_at=due)


async def abandon_session(tx: Tx, key: str, channel_code: str, reason: str) -> Session:
    """Gives a session up and whatever it holds back. Raises NotFound, or Refused(`already_committed`)."""
    found = await locked(tx, key, channel_code)
    session = domain.abandon(found.session, tx.now)
    if session is found.session:
        return session
    store.update_session(tx, session)
    if channel.rules(found.config).uses_stock:
        directives.enqueue(tx, [release(session.channel_code, session.session_key, reason)])
    about = f"session/{session.channel_code}/{session.session_key}"
    event = events_pb2.SessionAbandoned(session_key=key, channel_code=session.channel_code, reason=reason)
    outbox.add(tx, about, event)
    return session


async def locked(tx: Tx, key: str, channel_code: str) -> store.Found:
    """Returns a session that nobody else can change until the transaction ends; raises NotFound."""
    found = await store.lock_session(tx, key, channel_code)
    if found is None:
        raise NotFound("not_found", session_key=key)
    return found
