"""API keys: made, revoked, and exchanged for an identity."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from comanda.sales.events.v1 import events_pb2 as events
from comanda.types.v1.messaging_pb2 import IdentityRevoked
from comanda.types.v1.options_pb2 import Role
from kit import outbox
from kit.db import Tx
from kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from kit.identity import LIFETIME, NO_BUSINESS, Identity
from kit.ids import uuid7
from sales.domain import api_key as domain
from sales.domain.api_key import ApiKey
from sales.store import api_keys as store
from sales.store import businesses


async def create(tx: Tx, new: ApiKey, business_code: str) -> ApiKey:
    """Makes a key; whether the caller may is checked already (domain.check_grant). Raises Forbidden, Invalid, or NotFound."""
    if new.expires_at and new.expires_at <= tx.now:
        raise Invalid("expired_already", field="expires_at")
    made = replace(new, business_id=await _business(tx, new.role, business_code))
    store.insert(tx, made)
    return made


async def rotate(tx: Tx, key_id: UUID, overlap: timedelta, private_key: bytes) -> ApiKey:
    """Makes a key like another one, which ends after the overlap. Raises NotFound or Refused(`api_key_over`)."""
    old = await store.own_api_key(tx, key_id, lock=True)
    new = domain.successor(old, uuid7(), private_key, tx.actor, tx.now)
    store.insert(tx, new)
    if overlap:
        store.expire(tx, old, domain.end_of_overlap(old, overlap, tx.now))
    else:
        await revoke(tx, key_id)
    return new


async def _business(tx: Tx, role: int, code: str) -> UUID:
    """Returns the business that a key is for: the caller's, or the one that an operator names by its code.

    An operator who names none makes a key for an operator, and no other.
    """
    if not code:
        if tx.business == NO_BUSINESS and role != Role.ROLE_SERVICE:
            raise Invalid("business_required")
        return tx.business
    if tx.business != NO_BUSINESS:
        raise Forbidden("business_not_allowed")
    found = await businesses.business_id(tx, code)
    if found is None:
        raise NotFound("unknown_business", business=code)
    return found


async def revoke(tx: Tx, key_id: UUID) -> ApiKey:
    """Revokes a key from this moment on; harmless when that is done already. Raises NotFound."""
    found = await store.revoke(tx, key_id)
    if found is None:
        raise NotFound("not_found", id=str(key_id))
    key, was_good = found
    if was_good:
        told = (events.ApiKeyRevoked(api_key_id=str(key.id)), IdentityRevoked(subject=key.subject))
        outbox.add(tx, f"api_key/{key.id}", *told)
    return key


async def authenticate(tx: Tx, credential: str) -> tuple[Identity, timedelta]:
    """Returns who bears the key and for how long that may be believed.

    Raises Unauthenticated, the same whether the key is unknown, wrong, revoked, or past its time.
    """
    key_id, secret = domain.parse(credential)
    key, now = await store.api_key(tx, key_id)
    if not domain.opens(key, secret, now) or key is None:
        raise Unauthenticated("unauthenticated", reason="the API key is not good")
    lifetime = min(LIFETIME, key.expires_at - now) if key.expires_at else LIFETIME
    bearer = Identity(key.business_id, key.role, key.subject, key.customer_id, tuple(key.scopes))
    return bearer, lifetime
