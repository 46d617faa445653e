"""A session becomes exactly one order (spec 1A.7)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from comanda.orders.events.v1 import events_pb2
from kit import ids, outbox
from kit.db import Tx
from kit.errors import Duplicate, NotFound, Refused
from orders.domain import channel, checks, flow, ops
from orders.domain import order as order_domain
from orders.domain import ref as refs
from orders.domain import session as domain
from orders.domain.history import PRICE_OVERRIDDEN
from orders.domain.order import Order
from orders.domain.pipeline import COMMIT, STANDARD
from orders.domain.session import Committed, Session
from orders.operations import followups, history, moves
from orders.store import orders as order_store
from orders.store import refs as ref_store
from orders.store import sessions as store


async def commit_session(
    tx: Tx, key: str, channel_code: str, *, external_ref: str, token: str, expected_rev: int | None
) -> Committed:
    """Turns a session into exactly one order (spec 1A.7).

    A session that became one already answers with it. Raises NotFound, Conflict(`stale_revision`),
    Duplicate(`duplicate_external_ref`), or Refused with the first thing that stands against it.
    """
    found = await store.session_to_commit(tx, key, channel_code, external_ref)
    if found is None:
        raise NotFound("not_found", session_key=key)
    session = found.session
    if session.state == domain.COMMITTED:
        return await _already(tx, session)
    if session.state == domain.ABANDONED:
        raise Refused("abandoned", session_key=key)
    domain.check_revision(session, expected_rev)
    rules = channel.rules(found.config)
    checks.check_commit(session, rules.required_checks, rules.check_labels, tx.now)
    STANDARD.validate(COMMIT, session, rules.own)
    domain.check_not_empty(session)
    if found.twin_ref:
        raise Duplicate("duplicate_external_ref", external_ref=external_ref, order_ref=found.twin_ref)
    today = tx.now.astimezone(ZoneInfo(found.timezone)).date()
    order = order_domain.seal(
        session,
        # By the database's clock, as `created_at`: lists by date walk the index of ids.
        identifier=ids.uuid7(tx.now),
        ref=await _ref(tx, found.config, today),
        external_ref=external_ref,
        flow=flow.of(found.config),
        config_version=found.config_version,
        now=tx.now,
        today=today,
    )
    order = _save(tx, found, order, token)
    moved = moves.advance(tx, order_store.Found(order, found.config, len(checks.holds(session))), "on_create")
    order_store.insert_order(tx, moved)
    followups.enqueue(tx, session, order, rules, found.timezone)
    return Committed(order.ref, str(order.id), order.total_q, order.items_count, created=True)


def _save(tx: Tx, found: store.Found, order: Order, token: str) -> Order:
    session = found.session
    committed = replace(
        session,
        state=domain.COMMITTED,
        committed_at=tx.now,
        updated_at=tx.now,
        commit_token=token,
        order_ref=order.ref,
    )
    store.commit_session(tx, committed, found.version)
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
    overrides = ops.overrides(session)
    return history.record(tx, order, PRICE_OVERRIDDEN, {"lines": overrides}) if overrides else order


async def _ref(tx: Tx, config: Mapping[str, Any], today: date) -> str:
    """Returns a fresh ref of the business's day: drawn at random, or counted where the channel asks for that."""
    wanted = config.get("order_refs")
    if not wanted:
        return ids.code(f"{refs.PREFIX}-{today:%Y%m%d}", 8)
    start = f"{wanted['prefix']}-{today:%Y%m%d}"
    await tx.begin()  # so that a commit that fails uses up no number
    number = await ref_store.next_number(tx, f"orders:{wanted['prefix']}", {"date": f"{today}"})
    return f"{start}-{number:0{wanted.get('digits', refs.DIGITS_OF_ORDERS)}}"


async def _already(tx: Tx, session: Session) -> Committed:
    found = await order_store.order_of_session(tx, session.channel_code, session.session_key)
    if found is None:
        raise Refused("already_committed", session_key=session.session_key)
    return Committed(found["ref"], str(found["id"]), found["total_q"], found["items_count"], created=False)
