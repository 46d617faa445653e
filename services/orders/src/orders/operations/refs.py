"""Refs: attached, resolved, ended."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kit import ids
from kit.db import RETRY, Tx
from kit.errors import Duplicate, NotFound, Refused
from orders.domain import ref as domain
from orders.domain import session as sessions
from orders.domain.ref import Place, Ref
from orders.store import orders as order_store
from orders.store import refs as store
from orders.store import sessions as session_store


async def attach_ref(tx: Tx, kind: str, value: str, scope: Mapping[str, Any], place: Place) -> tuple[Ref, bool]:
    """Attaches a ref; tells whether it is new: the same ref of the same target is only returned.

    Raises NotFound for the type or the target, Invalid for the kind of target, the value, or the scope, Refused for a
    session that is over, and Duplicate(`ref_conflict`) for a value that stands for something else.
    """
    domain.check_place(kind, place)
    asked = (kind, domain.scope_of(kind, scope), domain.value_of(value))
    return await _attach(tx, *asked, await _target(tx, place))


async def attach_sequence_ref(tx: Tx, kind: str, sequence: str, scope: Mapping[str, Any], place: Place) -> Ref:
    """Attaches the next number of the sequence (the type's own when empty); raises as attach_ref does."""
    domain.check_place(kind, place)
    known = domain.scope_of(kind, scope)
    target = await _target(tx, place)
    number = await store.next_number(tx, sequence or kind, known)
    return (await _attach(tx, kind, known, domain.numbered(number), target))[0]


async def _attach(tx: Tx, kind: str, scope: Mapping[str, str], value: str, place: Place) -> tuple[Ref, bool]:
    new = Ref(ids.uuid7(), kind, value, scope, place, is_active=True, created_at=tx.now)
    if await store.insert(tx, new, domain.ref_type(kind)):
        return new, True
    found = await store.ref(tx, kind, scope, value)
    if found is None:
        raise RETRY
    if found.place != place:
        raise Duplicate("ref_conflict", type=kind, value=value, **_named(found.place))
    if not found.is_active:
        store.revive(tx, found)
    return replace(found, is_active=True), not found.is_active


async def resolve_ref(tx: Tx, kind: str, value: str, scope: Mapping[str, Any]) -> Ref:
    """Returns the active ref; raises NotFound, or Invalid for the value or the scope."""
    asked = (kind, domain.scope_of(kind, scope), domain.value_of(value))
    found = await store.ref(tx, *asked)
    if found is None or not found.is_active:
        raise NotFound("not_found", type=kind, value=asked[2])
    return found


async def deactivate_refs(tx: Tx, place: Place, kind: str) -> int:
    """Ends the active refs of a target, of one type or all; returns how many. Raises NotFound for the type or the target."""
    if kind:
        domain.ref_type(kind)
    return await store.end(tx, await existing(tx, place), kind)


async def existing(tx: Tx, place: Place) -> Place:
    """Returns a session or an order, with its channel; raises NotFound."""
    domain.check_one(place)
    if place.order_ref:
        if await order_store.order(tx, place.order_ref) is None:
            raise NotFound("not_found", order_ref=place.order_ref)
        return place
    found = await session_store.session(tx, place.session_key, place.channel_code)
    if found is None:
        raise NotFound("session_not_found", session_key=place.session_key)
    return Place(found.channel_code, found.session_key)


async def _target(tx: Tx, place: Place) -> Place:
    """Returns what a ref may be attached to, a session locked; raises NotFound, or Refused for a session that is over."""
    if place.order_ref:
        return await existing(tx, place)
    locked = await session_store.lock_session(tx, place.session_key, place.channel_code)
    if locked is None:
        raise NotFound("session_not_found", session_key=place.session_key)
    found = locked.session
    if found.state != sessions.OPEN:
        code = "already_committed" if found.state == sessions.COMMITTED else "already_abandoned"
        raise Refused(code, session_key=found.session_key)
    return Place(found.channel_code, found.session_key)


def _named(place: Place) -> dict[str, Any]:
    names = ("channel_code", "session_key", "order_ref")
    return {name: text for name in names if (text := getattr(place, name))}
