"""Sessions: opened, changed, committed, given up."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from comanda.orders.events.v1 import events_pb2
from kit import ids, outbox
from kit.db import Tx
from kit.errors import Duplicate, Invalid, NotFound, Refused
from orders.domain import channel, checks, flow
from orders.domain import ops as domain_ops
from orders.domain import order as order_domain
from orders.domain import ref as refs
from orders.domain import session as domain
from orders.domain.directive import Task, release
from orders.domain.history import PRICE_OVERRIDDEN
from orders.domain.ops import Op, Prices
from orders.domain.order import Order
from orders.domain.pipeline import COMMIT, DRAFT, STANDARD
from orders.domain.session import Committed, Opening, Session
from orders.operations import directives, followups, history, moves
from orders.store import orders as order_store
from orders.store import refs as ref_store
from orders.store import sessions as store

SETTLING, PATIENCE = timedelta(seconds=1), 3


async def open_session(tx: Tx, asked: Opening, prices: Prices) -> tuple[Session, bool]:
    """Opens a session, or returns the one that is open under the handle; tells whether it is new.

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
        return existing, False
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
    if asked.ops:
        session = apply(tx, session, asked.ops, prices, channel.rules(row["channel_config"]))
    store.insert_session(tx, session)
    return session, True


async def modify_session(
    tx: Tx, key: str, channel_code: str, expected_rev: int | None, ops: Sequence[Op], prices: Prices
) -> Session:
    """Applies operations, all or none, as one new revision. Raises NotFound, Refused, Conflict(`stale_revision`), or Invalid."""
    locked = await _locked(tx, key, channel_code)
    domain.check_modifiable(locked.session, expected_rev)
    session = apply(tx, locked.session, ops, prices, channel.rules(locked.config))
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
    locked = await _locked(tx, key, channel_code)
    session = domain.abandon(locked.session, tx.now)
    if session is locked.session:
        return session
    store.update_session(tx, session)
    if channel.rules(locked.config).uses_stock:
        directives.enqueue(tx, [release(session.channel_code, session.session_key, reason)])
    about = f"session/{session.channel_code}/{session.session_key}"
    event = events_pb2.SessionAbandoned(session_key=key, channel_code=session.channel_code, reason=reason)
    outbox.add(tx, about, event)
    return session


async def commit_session(
    tx: Tx, key: str, channel_code: str, *, external_ref: str, token: str, expected_rev: int | None
) -> Committed:
    """Turns a session into exactly one order (spec 1A.7).

    A session that became one already answers with it. Raises NotFound, Conflict(`stale_revision`),
    Duplicate(`duplicate_external_ref`), or Refused with the first thing that stands against it.
    """
    locked = await _locked(tx, key, channel_code, external_ref)
    session = locked.session
    if session.state == domain.COMMITTED:
        return await _already(tx, session)
    if session.state == domain.ABANDONED:
        raise Refused("abandoned", session_key=key)
    domain.check_revision(session, expected_rev)
    rules = channel.rules(locked.config)
    checks.check_commit(session, rules.required_checks, tx.now)
    STANDARD.validate(COMMIT, session, rules.own)
    domain.check_not_empty(session)
    if locked.twin_ref:
        raise Duplicate("duplicate_external_ref", external_ref=external_ref, order_ref=locked.twin_ref)
    today = tx.now.astimezone(ZoneInfo(locked.timezone)).date()
    order = order_domain.seal(
        session,
        # By the database's clock, as `created_at`: lists by date walk the index of ids.
        identifier=ids.uuid7(tx.now),
        ref=await _ref(tx, locked.config, today),
        external_ref=external_ref,
        flow=flow.of(locked.config),
        config_version=locked.config_version,
        now=tx.now,
        today=today,
    )
    order = _save(tx, session, order, token)
    moved = moves.advance(tx, order_store.Found(order, locked.config, len(checks.holds(session))), "on_create")
    order_store.insert_order(tx, moved)
    followups.enqueue(tx, session, order, rules, locked.timezone)
    return Committed(order.ref, str(order.id), order.total_q, order.items_count, created=True)


def _save(tx: Tx, session: Session, order: Order, token: str) -> Order:
    committed = replace(
        session,
        state=domain.COMMITTED,
        committed_at=tx.now,
        updated_at=tx.now,
        commit_token=token,
        order_ref=order.ref,
    )
    store.commit_session(tx, committed)
    order_store.insert_event(tx, order.ref, order.last_seq, "created", {"from_session": session.session_key})
    event = events_pb2.OrderCreated(
        ref=order.ref,
        channel_code=order.channel_code,
        session_key=order.session_key,
        external_ref=order.external_ref,
        status=order.status,
        total_q=order.total_q,
        currency=order.currency,
        seq=order.last_seq,
    )
    outbox.add(tx, f"order/{order.ref}", event)
    return _with_overrides(tx, session, order)


def _with_overrides(tx: Tx, session: Session, order: Order) -> Order:
    """Tells the order's history which prices somebody set by hand (invariant of spec 1A.11)."""
    overrides = domain_ops.overrides(session)
    return history.record(tx, order, PRICE_OVERRIDDEN, {"lines": overrides}) if overrides else order


async def _ref(tx: Tx, config: Mapping[str, Any], today: date) -> str:
    """Returns a fresh ref of the business's day: drawn at random, or counted where the channel asks for that."""
    wanted = config.get("order_refs")
    if not wanted:
        return ids.code(f"{refs.PREFIX}-{today:%Y%m%d}", 8)
    start = f"{wanted['prefix']}-{today:%Y%m%d}"
    number = await ref_store.next_number(tx, f"orders:{wanted['prefix']}", {"date": f"{today}"})
    return f"{start}-{number:0{wanted.get('digits', refs.DIGITS_OF_ORDERS)}}"


async def _already(tx: Tx, session: Session) -> Committed:
    found = await order_store.order_of_session(tx, session.channel_code, session.session_key)
    if found is None:
        raise Refused("already_committed", session_key=session.session_key)
    return Committed(found["ref"], str(found["id"]), found["total_q"], found["items_count"], created=False)


async def _locked(tx: Tx, key: str, channel_code: str, external_ref: str = "") -> store.Locked:
    locked = await store.lock_session(tx, key, channel_code, external_ref)
    if locked is None:
        raise NotFound("not_found", session_key=key)
    return locked
