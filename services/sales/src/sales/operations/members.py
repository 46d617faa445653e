"""Members: added, changed, and recognised by their tokens."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from comanda.types.v1.messaging_pb2 import IdentityRevoked
from kit import outbox
from kit.db import Tx
from kit.errors import Duplicate, Unauthenticated
from kit.identity import Identity
from sales.domain.member import Member, check_appointment
from sales.issuer import Bearer
from sales.store import businesses
from sales.store import members as store


async def create(tx: Tx, new: Member) -> Member:
    """Adds a member. Raises Forbidden(`member_above_own`) or Duplicate (`duplicate_email`, `duplicate_subject`)."""
    check_appointment(_role(tx), new.role)
    _name_conflicts(tx, new)
    store.insert(tx, new)
    return new


async def update(tx: Tx, member_id: UUID, changes: dict[str, Any]) -> Member:
    """Changes the given fields; what he may do ends his tokens. Raises what create raises, and NotFound."""
    found = await store.member(tx, member_id, lock=True)
    changed = replace(found, **changes, updated_at=tx.now)
    check_appointment(_role(tx), found.role, changed.role)
    _name_conflicts(tx, changed)
    store.save(tx, changed)
    if any(getattr(found, name) != getattr(changed, name) for name in ("role", "subject", "is_active")):
        outbox.add(tx, f"member/{found.id}", IdentityRevoked(subject=found.identity))
    return changed


def _role(tx: Tx) -> int:
    return tx.identity.role if tx.identity else 0


def _name_conflicts(tx: Tx, member: Member) -> None:
    tx.conflicts["members_email"] = Duplicate("duplicate_email", email=member.email)
    tx.conflicts["members_subject"] = Duplicate("duplicate_subject", subject=member.subject)


async def recognise(tx: Tx, bearer: Bearer) -> Identity:
    """Returns who shows a good token of the configured issuer; raises Unauthenticated when that is nobody of the business.

    A member counts by his row, whatever his token says; somebody who is none counts by the role in his token, if that gives one.
    """
    business = await businesses.business_id(tx, bearer.business)
    if business is None:
        raise Unauthenticated("unauthenticated", reason="the token names no business")
    member = await store.member_of_subject(tx, business, bearer.subject)
    if member and member.is_active:
        return Identity(business, member.role, member.identity)
    if member or not bearer.role:
        raise Unauthenticated("unauthenticated", reason="the token belongs to no active member of the business")
    return Identity(business, bearer.role, f"token:{bearer.subject}")
