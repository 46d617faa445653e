"""Alerts, and the marks of shelves that crossed their reorder points."""

from uuid import UUID

from inventory.domain.alert import Alert
from inventory.domain.stock import Key
from inventory.store.columns import columns
from kit.db import Tx
from kit.errors import NotFound

ALERT = ", ".join(("business_id", *Alert._fields[1:]))
"""The columns of an alert, in the order of the domain's fields."""

# One sweep at a time: of two that looked at a shelf at different moments, the later must have the last word.
ALONE = "select pg_try_advisory_xact_lock(hashtext('comanda stock alerts'))"
MARKED = """
    delete from stock_crossings as c
    using (select business_id, id from stock_crossings order by id limit $1) as oldest
    where c.business_id = oldest.business_id and c.id = oldest.id
    returning c.business_id, c.sku, c.location
"""
OPEN = f"""
    insert into stock_alerts ({ALERT})
    select s.business_id, uuidv7(), s.sku, s.location, 'open', s.on_hand - s.reserved, s.reorder_point, now(), null, '', null
    from unnest($1::uuid[], $2::text[], $3::text[]) as marked (business_id, sku, location)
    join stock s on s.business_id = marked.business_id and s.sku = marked.sku and s.location = marked.location
    where s.on_hand - s.reserved <= s.reorder_point
    on conflict (business_id, sku, location) where closed_at is null do nothing
    returning {ALERT}
"""
CLOSE = f"""
    update stock_alerts as a set status = 'closed', closed_at = now()
    from unnest($1::uuid[], $2::text[], $3::text[]) as marked (business_id, sku, location)
    join stock s on s.business_id = marked.business_id and s.sku = marked.sku and s.location = marked.location
    where a.business_id = s.business_id and a.sku = s.sku and a.location = s.location and a.closed_at is null
        and (s.on_hand - s.reserved <= s.reorder_point) is not true
    returning {", ".join(f"a.{name}" for name in ALERT.split(", "))}
"""
LOCKED_ALERT = f"select {ALERT} from stock_alerts where business_id = $1 and id = $2 for no key update"
SAVE_ALERT = """
    update stock_alerts set status = $3, acknowledged_at = $4, acknowledged_by = $5 where business_id = $1 and id = $2
"""


async def alone(tx: Tx) -> bool:
    """Tells whether nobody else works on alerts; nobody will until the transaction ends."""
    return bool(await tx.connection.fetchval(ALONE))


async def marked(tx: Tx, limit: int) -> tuple[int, list[Key]]:
    """Takes the oldest marks away; returns how many there were, and the shelves that bore them."""
    rows = await tx.connection.fetch(MARKED, limit)
    return len(rows), sorted({Key(*row) for row in rows})


async def open_alerts(tx: Tx, keys: list[Key]) -> list[Alert]:
    """Opens alerts for those of the shelves that are low and have none; returns them."""
    return [Alert(*row) for row in await tx.connection.fetch(OPEN, *columns(keys))]


async def close_alerts(tx: Tx, keys: list[Key]) -> list[Alert]:
    """Closes the alerts of those of the shelves that are low no more; returns them."""
    return [Alert(*row) for row in await tx.connection.fetch(CLOSE, *columns(keys))]


async def lock(tx: Tx, identifier: UUID) -> Alert:
    """Locks an alert; raises NotFound."""
    if row := await tx.connection.fetchrow(LOCKED_ALERT, tx.business, identifier):
        return Alert(*row)
    raise NotFound("not_found", id=str(identifier))


def save(tx: Tx, alert: Alert) -> None:
    """Writes what changed of a locked alert."""
    tx.later(SAVE_ALERT, alert.business, alert.id, alert.status, alert.acknowledged_at, alert.acknowledged_by)
