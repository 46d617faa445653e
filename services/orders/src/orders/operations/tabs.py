"""Tabs: moved to another handle, joined, divided, and checked anew."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from comanda.orders.events.v1 import events_pb2
from kit import ids, outbox
from kit.db import Tx
from kit.errors import Duplicate, Invalid
from orders.domain import session as domain
from orders.domain import tabs
from orders.domain.channel import rules
from orders.domain.directive import release
from orders.domain.session import Session
from orders.operations import directives, sessions
from orders.store import sessions as store


async def move_session(
    tx: Tx, key: str, channel_code: str, handle_type: str, handle_ref: str, expected_rev: int | None
) -> Session:
    """Gives a session another handle, or none; its lines and checks stay.

    Raises NotFound, Invalid(`incomplete_handle`), Duplicate(`handle_taken`), or what stands against changing it.
    """
    if bool(handle_type) != bool(handle_ref):
        raise Invalid("incomplete_handle")
    locked = await sessions.locked(tx, key, channel_code)
    domain.check_modifiable(locked.session, expected_rev)
    moved = replace(locked.session, handle_type=handle_type, handle_ref=handle_ref, updated_at=tx.now)
    store.move_session(tx, moved)
    return moved


async def merge_sessions(tx: Tx, key: str, channel_code: str, taken_key: str, expected_rev: int | None) -> Session:
    """Takes the lines and charges of another session of the channel into this one, and gives that one up.

    Raises NotFound, Invalid, or what stands against changing either.
    """
    if key == taken_key:
        raise Invalid("same_session", session_key=key)
    found = {each: await sessions.locked(tx, each, channel_code) for each in sorted((key, taken_key))}
    into, taken = found[key].session, found[taken_key].session
    if into.channel_code != taken.channel_code:
        raise Invalid("other_channel", session_key=taken_key, channel_code=taken.channel_code)
    domain.check_modifiable(into, expected_rev)
    domain.check_modifiable(taken, None)
    own = rules(found[key].config)
    joined = sessions.revised(tx, tabs.merged(into, taken, lambda: ids.code("L", 8)), own, taking_over=True)
    store.update_session(tx, joined)
    store.update_session(tx, domain.abandon(taken, tx.now))
    reason = f"merged into {key}"
    if own.uses_stock:
        directives.enqueue(tx, [release(taken.channel_code, taken_key, reason)])
    event = events_pb2.SessionAbandoned(session_key=taken_key, channel_code=taken.channel_code, reason=reason)
    outbox.add(tx, f"session/{taken.channel_code}/{taken_key}", event)
    return joined


async def split_session(
    tx: Tx,
    key: str,
    channel_code: str,
    parts: Sequence[tuple[str, Decimal | None]],
    *,
    new_key: str,
    handle_type: str,
    handle_ref: str,
    expected_rev: int | None,
) -> tuple[Session, Session]:
    """Moves lines, or quantities of them, into a new session of the channel; returns what is left, and the new one.

    Raises NotFound, Invalid, Duplicate (`session_exists`, `handle_taken`), or what stands against changing it.
    """
    if bool(handle_type) != bool(handle_ref):
        raise Invalid("incomplete_handle")
    locked = await sessions.locked(tx, key, channel_code)
    session, own = locked.session, rules(locked.config)
    domain.check_modifiable(session, expected_rev)
    empty = Session(
        id=ids.uuid7(),
        channel_code=session.channel_code,
        session_key=new_key or ids.code("SESS", 12),
        handle_type=handle_type,
        handle_ref=handle_ref,
        pricing_policy=session.pricing_policy,
        edit_policy=session.edit_policy,
        currency=session.currency,
        opened_at=tx.now,
        updated_at=tx.now,
    )
    rest, new = tabs.split(session, parts, empty)
    rest, new = (sessions.revised(tx, each, own, taking_over=True) for each in (rest, new))
    store.update_session(tx, rest)
    store.insert_session(tx, new)
    tx.conflicts["sessions_open_handle"] = Duplicate("handle_taken", handle_type=handle_type, handle_ref=handle_ref)
    return rest, new


async def run_checks(tx: Tx, key: str, channel_code: str) -> Session:
    """Asks for every required check of the present revision anew, also where the lines may not change.

    Raises NotFound, or Refused (`already_committed`, `already_abandoned`).
    """
    locked = await sessions.locked(tx, key, channel_code)
    domain.check_open(locked.session)
    session = domain.unchecked(locked.session, rules(locked.config).required_checks, tx.now)
    store.update_session(tx, session)
    sessions.ask_for_checks(tx, session, rules(locked.config))
    return session
