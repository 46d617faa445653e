"""Marketplaces: connected, heard, and followed one step at a time, each step in a transaction of its own."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import asyncpg
import orjson

from comanda.types.v1 import options_pb2
from kit import ids
from kit.db import Database, Tx
from kit.errors import Conflict, DomainError, Invalid, NotFound, Refused, Unauthenticated, Unavailable
from kit.identity import Identity
from orders.domain import flow
from orders.domain import marketplace as domain
from orders.domain.channel import EXTERNAL
from orders.domain.marketplace import DONE, FAILED, IGNORED, Marketplace
from orders.operations import commits, orders, sessions
from orders.store import channels
from orders.store import marketplaces as store
from orders.store import sessions as session_store
from orders.store.marketplaces import Claimed

PASSING = frozenset({"missing_check", "stale_check", "hold_expired", "in_progress", "unknown_order"})
"""What may not stand in the way any more in a moment."""
ATTEMPTS = 10
SOONEST, LATEST = 0.25, 60.0
REASON = "cancellation"


async def put_marketplace(
    tx: Tx, channel_code: str, kind: str, secret: str | None, status_map: Mapping[str, str], is_active: bool | None
) -> tuple[Marketplace, bool]:
    """Connects a channel, or changes its connection; tells whether the secret is new.

    Raises NotFound, Invalid(`prices_not_external`), or Invalid(`unknown_status`) for a map to what the channel's flow has not.
    """
    channel = await channels.channel(tx, channel_code, lock=True)
    if channel is None:
        raise NotFound("not_found", channel_code=channel_code)
    if channel.pricing_policy != EXTERNAL:
        raise Invalid("prices_not_external", channel_code=channel_code)
    known = flow.of(channel.config).statuses
    if unknown := sorted(set(status_map.values()) - known):
        raise Invalid("unknown_status", field="status_map", status=unknown[0])
    found = await store.marketplace(tx, channel_code)
    before = found or Marketplace(
        business_id=tx.business,
        channel_code=channel_code,
        kind=kind or domain.IFOOD,
        hook=ids.code("MKT", 24).lower(),
        secret=secrets.token_urlsafe(32),
        status_map=channel.config.get("status_mapping") or _of_flow(known),
        is_active=True,
        created_at=tx.now,
        updated_at=tx.now,
    )
    after = replace(
        before,
        kind=kind or before.kind,
        secret=secret or before.secret,
        status_map={code.upper(): status for code, status in status_map.items()} or before.status_map,
        is_active=before.is_active if is_active is None else is_active,
        updated_at=tx.now,
    )
    store.save(tx, after)
    return after, found is None or after.secret != found.secret


def _of_flow(known: Collection[str]) -> dict[str, str]:
    return {code: status for code, status in domain.STATUSES.items() if status in known}


async def receive(tx: Tx, hook: str, signature: str, body: bytes) -> tuple[int, int]:
    """Keeps the events in a signed body; returns how many are new, and how many came before.

    Raises Unauthenticated(`invalid_signature`) for a hook that is not there, too: nobody learns which are. Raises
    Invalid(`invalid_event`) for what is no event.
    """
    found = await store.of_hook(tx, hook)
    if found is None or not domain.signed(found.secret, body, signature):
        raise Unauthenticated("invalid_signature")
    if not found.is_active:
        raise Refused("marketplace_inactive", channel_code=found.channel_code)
    try:
        events = domain.events(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise Invalid("invalid_event", field="body") from error
    single = list({event.event_id: event for event in events}.values())
    accepted = await store.insert_events(tx, found, single) if single else 0
    return accepted, len(events) - accepted


async def follow_next(database: Database) -> bool:
    """Takes the next step of the next event; tells whether there may be more to do."""
    claimed = await database.run(lambda tx, _: store.claim(tx))
    if claimed is None:
        return False
    try:
        await database.run(lambda tx, _: _follow(tx, claimed))
    except DomainError as error:
        failure = error
        await database.run(lambda tx, _: _put_off(tx, claimed, failure))
    return True


async def _follow(tx: Tx, claimed: Claimed) -> None:
    found = await store.lock_event(tx, claimed)
    if found is None:
        return
    tx.identity = Identity(found.business_id, options_pb2.ROLE_SERVICE, f"{domain.ACTOR}{found.kind}")
    if claimed.event.code == domain.PLACED:
        await _place(tx, claimed)
    elif target := found.status_map.get(claimed.event.code):
        await _move(tx, claimed, found, target)
    else:
        store.settle(tx, claimed, IGNORED, "unmapped_code")


async def _place(tx: Tx, claimed: Claimed) -> None:
    """Opens the order's session, or commits the one that is open."""
    channel_code, event = claimed.channel_code, claimed.event
    key = domain.session_key(event)
    if await session_store.session(tx, key, channel_code) is None:
        await sessions.open_session(tx, domain.opening(channel_code, event), {})
        store.postpone(tx, claimed, "", 0)
        return
    token = f"marketplace:{event.event_id}"
    made = await commits.commit_session(
        tx, key, channel_code, external_ref=event.order_id, token=token, expected_rev=None
    )
    store.settle(tx, claimed, DONE, order_ref=made.order_ref)


async def _move(tx: Tx, claimed: Claimed, found: Marketplace, target: str) -> None:
    """Moves the order one step on its way; what it has been already is no news."""
    ref = await store.order_of(tx, claimed.channel_code, claimed.event.order_id)
    if not ref:
        raise NotFound("unknown_order", order_id=claimed.event.order_id)
    seen = await orders.locked(tx, ref)
    if seen.order.status == target or target in seen.order.stamps:
        store.settle(tx, claimed, DONE, order_ref=ref)
        return
    way = domain.way(flow.of(seen.config), seen.order.status, target)
    if not way:
        store.settle(tx, claimed, IGNORED, "invalid_transition", ref)
        return
    await _step(tx, claimed, found, ref, seen.order.data, way)


async def _step(
    tx: Tx, claimed: Claimed, found: Marketplace, ref: str, data: Mapping[str, Any], way: Sequence[str]
) -> None:
    reason = domain.reason(claimed.event.payload) if claimed.event.code == domain.CANCELLED else ""
    if reason and REASON not in data:
        patch = {REASON: {"reason": reason, "by": found.kind}}
        await orders.update_order(tx, ref, patch, found.label)
        store.postpone(tx, claimed, "", 0)
        return
    await orders.transition_order(tx, ref, way[0], found.label, reason)
    if len(way) == 1:
        store.settle(tx, claimed, DONE, order_ref=ref)
    else:
        store.postpone(tx, claimed, "", 0)


async def _put_off(tx: Tx, claimed: Claimed, error: DomainError) -> None:
    passing = error.code in PASSING or isinstance(error, (Conflict, Unavailable))
    if passing and claimed.attempts < ATTEMPTS:
        store.postpone(tx, claimed, error.code, min(LATEST, SOONEST * 2**claimed.attempts))
    else:
        store.settle(tx, claimed, FAILED, error.code)


async def retry_event(tx: Tx, channel_code: str, event_id: str) -> asyncpg.Record:
    """Makes an event due again; one that was followed stays as it is. Raises NotFound."""
    row = await store.retry(tx, channel_code, event_id)
    if row is None:
        raise NotFound("not_found", event_id=event_id)
    return row
