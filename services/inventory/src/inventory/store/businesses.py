"""Where the days of a business end, and with them the lots that expire on them."""

from collections.abc import Mapping
from uuid import UUID

from kit.db import Tx

USUAL = "America/Sao_Paulo"
"""The time zone of a business of which none is known."""
# A zone that this server does not know would have every question for the date fail.
REMEMBER = """
    insert into businesses (business_id, timezone)
    select told.* from unnest($1::uuid[], $2::text[]) as told (business_id, timezone)
    where told.timezone in (select name from pg_timezone_names)
    on conflict (business_id) do update set timezone = excluded.timezone
"""


async def remember(tx: Tx, timezones: Mapping[UUID, str]) -> None:
    """Keeps the time zones of businesses; one that is not known is left out."""
    await tx.connection.execute(REMEMBER, list(timezones), list(timezones.values()))


def today(business: str) -> str:
    """Returns an expression for the date of now where a business is, given what stands for its id."""
    zone = f"(select b.timezone from businesses b where b.business_id = {business})"
    return f"(now() at time zone coalesce({zone}, '{USUAL}'))::date"
