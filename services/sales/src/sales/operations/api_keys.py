"""API keys: made, revoked, and exchanged for an identity."""

from uuid import UUID

from comanda.sales.events.v1 import events_pb2 as events
from comanda.types.v1.options_pb2 import Role
from kit import outbox
from kit.db import Tx
from kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from kit.identity import NO_BUSINESS, Identity
from kit.ids import uuid7
from sales.domain import api_key as domain
from sales.domain.api_key import ApiKey
from sales.store import api_keys as store
from sales.store import businesses


async def create(
    tx: Tx, role: Role.ValueType, label: str, customer_id: str, *, business_code: str, private_key: bytes
) -> ApiKey:
    """Makes a key; whether the caller may is checked already (domain.check_grant). Raises Forbidden, Invalid, or NotFound."""
    key_id = uuid7()
    new = ApiKey(
        business_id=await _business(tx, role, business_code),
        id=key_id,
        label=label,
        role=role,
        customer_id=customer_id,
        digest=domain.digest(domain.secret(private_key, key_id)),
        created_by=tx.actor,
        created_at=tx.now,
    )
    store.insert(tx, new)
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
        outbox.add(tx, f"api_key/{key.id}", events.ApiKeyRevoked(api_key_id=str(key.id)))
    return key


async def authenticate(tx: Tx, credential: str) -> Identity:
    """Returns who bears the key; raises Unauthenticated, the same whether it is unknown, wrong, or revoked."""
    key_id, secret = domain.parse(credential)
    key = await store.api_key(tx, key_id)
    if not domain.opens(key, secret) or key is None:
        raise Unauthenticated("unauthenticated", reason="the API key is not good")
    return Identity(key.business_id, key.role, key.subject, key.customer_id)
