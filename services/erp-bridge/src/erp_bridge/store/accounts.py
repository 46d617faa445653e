"""Whose the accounts in the ERP are; an account is known by a digest of its key."""

from collections.abc import Sequence
from uuid import UUID

from kit.db import Tx

OWNER = "select business_id from omie_accounts where account = $1"
OF_BUSINESS = """
    select account from omie_accounts
    where business_id = $1 and account = any($2::text[])
    order by bound_at, account
    limit 1
"""
# A business has one account at a time; one whose key is configured no more does not count.
BIND = """
    insert into omie_accounts (business_id, account, bound_at)
    select $1, $2, now()
    where not exists (select from omie_accounts where business_id = $1 and account = any($3::text[]))
    on conflict do nothing
    returning 1
"""


async def owner(tx: Tx, account: str) -> UUID | None:
    """Returns the business that an account belongs to."""
    found: UUID | None = await tx.connection.fetchval(OWNER, account)
    return found


async def of_business(tx: Tx, business: UUID, configured: Sequence[str]) -> str | None:
    """Returns the one of the configured accounts that is a business's."""
    found: str | None = await tx.connection.fetchval(OF_BUSINESS, business, configured)
    return found


async def bind(tx: Tx, account: str, configured: Sequence[str]) -> bool:
    """Makes an account the caller's business's, unless one of the two is bound already; tells whether it did."""
    return bool(await tx.connection.fetchval(BIND, tx.business, account, configured))
