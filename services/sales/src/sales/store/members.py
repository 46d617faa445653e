"""Members."""

from uuid import UUID

import asyncpg

from kit.db import Tx
from kit.errors import NotFound
from sales.domain import api_key
from sales.domain.member import Member

COLUMNS = "id, name, email, role, subject, is_active, created_at, updated_at"
MEMBER = f"select {COLUMNS} from members where business_id = $1 and id = $2"
LOCKED_MEMBER = f"{MEMBER} for no key update"
MEMBER_OF_SUBJECT = f"select {COLUMNS} from members where business_id = $1 and subject = $2 and subject <> ''"
INSERT = f"insert into members (business_id, {COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
SAVE = """
    update members set name = $3, email = $4, role = $5, subject = $6, is_active = $7, updated_at = $8
    where business_id = $1 and id = $2
"""


async def member(tx: Tx, member_id: UUID, *, lock: bool = False) -> Member:
    """Returns a member of the caller's business; raises NotFound."""
    row = await tx.connection.fetchrow(LOCKED_MEMBER if lock else MEMBER, tx.business, member_id)
    if row is None:
        raise NotFound("not_found", id=str(member_id))
    return read(row)


async def member_of_subject(tx: Tx, business: UUID, subject: str) -> Member | None:
    """Returns the member who is that subject at the issuer of tokens."""
    row = await tx.connection.fetchrow(MEMBER_OF_SUBJECT, business, subject)
    return read(row) if row else None


def insert(tx: Tx, new: Member) -> None:
    """Saves a new member."""
    tx.later(
        INSERT, tx.business, new.id, new.name, new.email, api_key.name(new.role), new.subject, new.is_active,
        new.created_at, new.updated_at,
    )  # fmt: skip


def save(tx: Tx, changed: Member) -> None:
    """Saves a locked member."""
    tx.later(
        SAVE, tx.business, changed.id, changed.name, changed.email, api_key.name(changed.role), changed.subject,
        changed.is_active, changed.updated_at,
    )  # fmt: skip


def read(row: "asyncpg.Record") -> Member:
    """Returns the member in a row that has his columns."""
    return Member(**dict(row) | {"role": api_key.role(row["role"])})
