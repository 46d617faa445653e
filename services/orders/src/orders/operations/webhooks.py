"""Addresses that a business wants to be called at: registered, changed, removed."""

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from kit.db import Tx
from kit.errors import NotFound, Refused
from kit.ids import uuid7
from orders.domain.directive import Task
from orders.operations import directives
from orders.store import deliveries, webhooks
from orders.store.directives import NEVER
from orders.store.webhooks import Endpoint

SECRET_BYTES = 32


def new_secret() -> str:
    """Returns a fresh secret as Standard Webhooks writes them."""
    return f"whsec_{base64.b64encode(os.urandom(SECRET_BYTES)).decode()}"


async def create_endpoint(tx: Tx, url: str, topics: Sequence[str], description: str) -> tuple[Endpoint, str]:
    """Registers an address, which gets what has waited for one like it; returns it with its secret."""
    new = Endpoint(uuid7(), url, list(topics), description, True, tx.now, tx.now)
    secret = new_secret()
    await webhooks.insert(tx, new, secret)
    await deliveries.insert_waiting(tx, new.id, NEVER)
    return new, secret


async def update_endpoint(tx: Tx, identifier: str, fields: Mapping[str, Any]) -> Endpoint:
    """Changes the given fields. Raises NotFound."""
    changed = replace(await _locked(tx, identifier), **fields, updated_at=tx.now)
    await webhooks.update(tx, changed)
    await deliveries.insert_waiting(tx, changed.id, NEVER)
    return changed


async def delete_endpoint(tx: Tx, identifier: str) -> Endpoint:
    """Removes an address and what it has not been sent. Raises NotFound."""
    found = await _locked(tx, identifier)
    await deliveries.cancel_lane(tx, found.id)
    await webhooks.delete(tx, found.id)
    return found


async def rotate_secret(tx: Tx, identifier: str) -> tuple[Endpoint, str]:
    """Gives an address a new secret, and returns both. Raises NotFound."""
    found, secret = await _locked(tx, identifier), new_secret()
    await webhooks.update_secret(tx, found.id, secret)
    return replace(found, updated_at=tx.now), secret


async def pass_on(tx: Tx, topic: str, told: Sequence[tuple[UUID, Message]]) -> None:
    """Sends events of flat messages to the addresses of their businesses; for a business without one nothing is kept waiting."""
    for wanted in sorted(await webhooks.businesses_that_want(tx, {business for business, _ in told}, topic)):
        messages = [message for business, message in told if business == wanted]
        directives.enqueue(
            tx, [Task(topic, _payload(each), channel_code="", session_key="") for each in messages], wanted
        )


def _payload(message: Message) -> dict[str, Any]:
    return {field.name: getattr(message, field.name) for field in message.DESCRIPTOR.fields}


async def redeliver(tx: Tx, identifier: UUID) -> None:
    """Sends a delivery once more. Raises NotFound, or Refused (`delivery_cancelled`, `endpoint_gone`)."""
    found = await deliveries.lock(tx, identifier)
    if found is None:
        raise NotFound("not_found", id=str(identifier))
    if found.status == "cancelled":
        raise Refused("delivery_cancelled", id=str(identifier))
    if found.endpoint_id and await webhooks.endpoint(tx, found.endpoint_id) is None:
        raise Refused("endpoint_gone", id=str(found.endpoint_id))
    await deliveries.redeliver(tx, identifier)


async def _locked(tx: Tx, identifier: str) -> Endpoint:
    found = await webhooks.endpoint(tx, UUID(identifier), lock=True)
    if found is None:
        raise NotFound("not_found", id=identifier)
    return found
