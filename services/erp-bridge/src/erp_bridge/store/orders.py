"""How orders stand in the ERP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from erp_bridge.domain.export import State
from kit.db import Tx
from kit.errors import NotFound
from kit.ids import uuid7

LEASE = timedelta(seconds=15)
"""How long a run that nobody prolongs counts as under way: its process was killed."""
COLUMNS = """
    business_id, id, ref, channel_code, content, order_status, state, error_code, error, missing, attempts, next_at, external_id,
    external_number, external_customer_id, stage, is_cancelled, invoices, run, created_at, updated_at
"""
# What was booked keeps the lines that it was booked with; a status is as new as its place in the order's history.
ASK = """
    insert into erp_orders as o
        (business_id, ref, id, channel_code, content, order_status, seq, state, next_at, created_at, updated_at)
    select business_id, ref, id, channel_code, content, status, seq, 'pending', now(), now(), now()
    from jsonb_to_recordset($1::jsonb)
        as asked (business_id uuid, ref text, id uuid, channel_code text, content jsonb, status text, seq bigint)
    order by business_id, ref
    on conflict (business_id, ref) do update set
        id = case when o.state = 'unasked' then excluded.id else o.id end,
        channel_code = excluded.channel_code,
        content = case when o.external_id is null then excluded.content else o.content end,
        order_status = case when excluded.seq > o.seq then excluded.order_status else o.order_status end,
        seq = greatest(excluded.seq, o.seq),
        changed = o.state = 'processing',
        state = case when o.state = 'processing' then o.state else 'pending' end,
        attempts = 0,
        next_at = now(),
        updated_at = now()
"""
# A status may come before anybody has asked to book its order, or for an order that nobody ever will: a row keeps it for a while.
FOLLOW = """
    insert into erp_orders as o
        (business_id, ref, id, channel_code, order_status, seq, state, next_at, created_at, updated_at)
    select business_id, ref, id, channel_code, status, seq, 'unasked', now(), now(), now()
    from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::bigint[])
        as told (business_id, ref, id, channel_code, status, seq)
    order by business_id, ref
    on conflict (business_id, ref) do update set
        order_status = excluded.order_status,
        seq = excluded.seq,
        changed = o.state = 'processing',
        state = case when o.state in ('confirmed', 'cancelled', 'needs_person', 'failed') then 'pending' else o.state end,
        next_at = case when o.state in ('confirmed', 'cancelled', 'needs_person', 'failed') then now() else o.next_at end,
        updated_at = now()
    where excluded.seq > o.seq
"""
UNBOOKED = """
    select business_id, ref, content from erp_orders
    where (business_id, ref) in (select * from unnest($1::uuid[], $2::text[])) and content is not null and external_id is null
    order by business_id, ref
    for update
"""
SET_DATA = """
    update erp_orders o
    set content = jsonb_set(o.content, '{data}', changed.data),
        changed = o.state = 'processing',
        state = case when o.state = 'processing' then o.state else 'pending' end,
        next_at = now(), updated_at = now()
    from jsonb_to_recordset($1::jsonb) as changed (business_id uuid, ref text, data jsonb)
    where o.business_id = changed.business_id and o.ref = changed.ref
"""
ONE = f"select {COLUMNS} from erp_orders where business_id = $1 and id = $2"
BY_REF = f"select {COLUMNS} from erp_orders where business_id = $1 and ref = $2 and state <> 'unasked'"
BY_EXTERNAL = f"select {COLUMNS} from erp_orders where business_id = $1 and external_id = $2 order by ref"
CLAIM = """
    update erp_orders
    set attempts = attempts + (state = 'pending')::integer, state = 'processing', changed = false, run = $1,
        lease_until = now() + $2, updated_at = now()
"""
IS_DUE = "(state = 'pending' and next_at <= now() or state = 'processing' and lease_until < now())"
CLAIM_ONE = f"{CLAIM} where business_id = $3 and id = $4 and {IS_DUE} returning {COLUMNS}"
CLAIM_DUE = f"""
    {CLAIM}
    where (business_id, ref) in (
        select business_id, ref from erp_orders
        where state in ('pending', 'processing') and {IS_DUE}
        order by next_at
        limit $3
        for update skip locked
    )
    returning {COLUMNS}
"""
PROLONG = "update erp_orders set lease_until = now() + $4 where business_id = $1 and id = $2 and run = $3"
FINISH = """
    update erp_orders
    set state = case when changed then 'pending' else $4 end,
        error_code = $5, error = $6, missing = $7,
        attempts = case when $4 in ('confirmed', 'cancelled') then 0 else attempts - $9::boolean::integer end,
        next_at = case when changed then now() else now() + $8 end,
        look_at = case
            when external_id is not null and not is_cancelled and invoices = '[]' then coalesce(look_at, now() + $10)
        end,
        changed = false, run = null, lease_until = null, updated_at = now()
    where business_id = $1 and id = $2 and run = $3
"""
NOTE_CUSTOMER = "update erp_orders set external_customer_id = $3 where business_id = $1 and id = $2"
# Its data have done their work: who has bought is in the ERP now, and no longer here.
BOOKED = """
    update erp_orders
    set external_id = $3, external_number = $4, stage = $5, content = content || '{"data": {}}', updated_at = now()
    where business_id = $1 and id = $2 and external_id is null
    returning ref
"""
MOVED = "update erp_orders set stage = $3, updated_at = now() where business_id = $1 and id = $2"
REOPEN = """
    update erp_orders set state = 'pending', attempts = 0, next_at = now(), updated_at = now()
    where business_id = $1 and id = $2 and state in ('confirmed', 'cancelled')
"""
SEEN = """
    update erp_orders o
    set stage = $3::text, is_cancelled = $4::boolean, invoices = $5::jsonb, updated_at = now(),
        look_at = case when $4::boolean or $5::jsonb <> '[]' then null else o.look_at end
    from (select * from erp_orders where business_id = $1 and id = $2 for update) before
    where o.business_id = before.business_id and o.id = before.id
        and (before.stage, before.is_cancelled, before.invoices) is distinct from ($3::text, $4::boolean, $5::jsonb)
    returning before.ref, before.invoices, before.is_cancelled, before.order_status
"""
# The older an order, the longer until it is looked at again: a quarter of its age.
LOOKED_AT = f"""
    update erp_orders set look_at = now() + greatest($2, (now() - created_at) / 4)
    where (business_id, ref) in (
        select business_id, ref from erp_orders
        where business_id = $3 and look_at <= now()
        order by look_at
        limit $1
        for update skip locked
    )
    returning {COLUMNS}
"""
# What an order that goes on lacks nobody knows yet: a mapping that comes meanwhile makes it go on once more.
TAKE_UP = """
    update erp_orders
    set changed = state = 'processing', state = case when state = 'processing' then state else 'pending' end,
        attempts = 0, next_at = now(), updated_at = now()
    where business_id = $1 and ($3::text is null or ref = $3) and (
        state = any($2::text[]) and ($4::text is null or missing @> jsonb_build_array(jsonb_build_object('kind', $4)))
        or state = 'processing' and $4 is not null
    )
    returning ref
"""
FORGET = "delete from erp_orders where state = 'unasked' and updated_at < now() - interval '7 days'"


@dataclass(frozen=True, slots=True)
class ErpOrder:
    """The record of an order."""

    business_id: UUID
    id: UUID
    ref: str
    channel_code: str
    content: dict[str, Any]
    order_status: str
    state: str
    error_code: str
    error: str
    missing: list[dict[str, str]]
    attempts: int
    next_at: datetime
    external_id: int | None
    external_number: str
    external_customer_id: int | None
    stage: str
    is_cancelled: bool
    invoices: list[dict[str, str]]
    run: UUID | None
    created_at: datetime
    updated_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether it waits to be taken up or goes on."""
        return self.state in (State.PENDING, State.PROCESSING)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a record said before the ERP was seen to say otherwise."""

    ref: str
    invoices: list[dict[str, str]]
    is_cancelled: bool
    order_status: str


async def ask(tx: Tx, asked: Sequence[dict[str, Any]]) -> None:
    """Opens the records of orders, or lets them be taken up again.

    Each is given by business_id, ref, channel_code, content, status, and seq; of one order once.
    """
    await tx.connection.execute(ASK, [{"id": str(uuid7()), **each} for each in asked])


async def follow(tx: Tx, told: Sequence[tuple[UUID, str, str, str, int]]) -> None:
    """Notes statuses: business, ref, channel, status, and place in the order's history; of one order once."""
    businesses, refs, channels, statuses, places = (list(column) for column in zip(*told, strict=True))
    await tx.connection.execute(FOLLOW, businesses, refs, [uuid7() for _ in told], channels, statuses, places)


async def lock_unbooked(tx: Tx, places: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], dict[str, Any]]:
    """Returns, locked, the content of those of the orders (business and ref) that are not in the ERP yet."""
    businesses, refs = zip(*places, strict=True)
    rows = await tx.connection.fetch(UNBOOKED, list(businesses), list(refs))
    return {(row["business_id"], row["ref"]): row["content"] for row in rows}


async def set_data(tx: Tx, changed: Sequence[dict[str, Any]]) -> None:
    """Changes the data of locked orders, each given by business_id, ref, and data, and lets them be taken up again."""
    await tx.connection.execute(SET_DATA, list(changed))


async def one(tx: Tx, business: UUID, order: UUID) -> ErpOrder:
    """Returns a record; raises NotFound."""
    if found := _read(await tx.connection.fetchrow(ONE, business, order)):
        return found
    raise NotFound("not_found", id=str(order))


async def by_ref(tx: Tx, ref: str) -> ErpOrder:
    """Returns the record of an order of the caller's business; raises NotFound."""
    if found := _read(await tx.connection.fetchrow(BY_REF, tx.business, ref)):
        return found
    raise NotFound("not_found", ref=ref)


async def by_external(tx: Tx, business: UUID, external: int) -> list[ErpOrder]:
    """Returns the records of a business with that id in its ERP."""
    return [ErpOrder(**row) for row in await tx.connection.fetch(BY_EXTERNAL, business, external)]


async def claim_one(tx: Tx, business: UUID, order: UUID) -> ErpOrder | None:
    """Takes an order up, unless it goes on elsewhere or waits for somebody."""
    return _read(await tx.connection.fetchrow(CLAIM_ONE, uuid7(), LEASE, business, order))


async def claim_due(tx: Tx, most: int) -> list[ErpOrder]:
    """Takes up orders whose time has come, or whose process has died."""
    return [ErpOrder(**row) for row in await tx.connection.fetch(CLAIM_DUE, uuid7(), LEASE, most)]


async def prolong(tx: Tx, order: ErpOrder) -> None:
    """Says that a run goes on."""
    await tx.connection.execute(PROLONG, order.business_id, order.id, order.run, LEASE)


async def finish(
    tx: Tx,
    order: ErpOrder,
    state: str,
    *,
    code: str = "",
    error: str = "",
    missing: Sequence[tuple[str, str]] = (),
    pause: float = 0.0,
    held_back: bool = False,
    look_after: float = 0.0,
) -> None:
    """Ends a run; does nothing when it was taken over meanwhile. One that changed meanwhile is taken up again at once.

    One that our own limits held back was no try. What is booked is looked at after so many seconds, unless it is invoiced.
    """
    lacking = [{"kind": kind, "key": key} for kind, key in missing]
    place = (order.business_id, order.id, order.run)
    waits = (timedelta(seconds=pause), held_back, timedelta(seconds=look_after))
    await tx.connection.execute(FINISH, *place, state, code, error, lacking, *waits)


async def note_customer(tx: Tx, order: ErpOrder, customer: int) -> None:
    """Notes who an order's customer is in the ERP."""
    await tx.connection.execute(NOTE_CUSTOMER, order.business_id, order.id, customer)


async def booked(tx: Tx, order: ErpOrder, external: int, number: str, stage: str) -> bool:
    """Notes that an order is in the ERP; tells whether that was not known."""
    return bool(await tx.connection.fetchval(BOOKED, order.business_id, order.id, external, number, stage))


async def moved(tx: Tx, order: ErpOrder, stage: str) -> None:
    """Notes the stage to which an order was moved."""
    await tx.connection.execute(MOVED, order.business_id, order.id, stage)


async def reopen(tx: Tx, order: ErpOrder) -> None:
    """Lets an order be taken up again that was as it should be."""
    await tx.connection.execute(REOPEN, order.business_id, order.id)


async def seen(
    tx: Tx, order: ErpOrder, stage: str, invoices: list[dict[str, str]], *, is_cancelled: bool
) -> Seen | None:
    """Notes how the ERP shows an order, and returns what the record said before, if that was something else."""
    row = await tx.connection.fetchrow(SEEN, order.business_id, order.id, stage, is_cancelled, invoices)
    return Seen(**row) if row else None


async def to_look_at(tx: Tx, business: UUID, most: int, seconds: float) -> list[ErpOrder]:
    """Returns booked orders of a business without an invoice that nobody has looked at for long, and notes the look.

    Each is looked at again no sooner than after so many seconds.
    """
    return [ErpOrder(**row) for row in await tx.connection.fetch(LOOKED_AT, most, timedelta(seconds=seconds), business)]


async def take_up(
    tx: Tx, business: UUID, states: Sequence[str], ref: str | None = None, *, lacking: str | None = None
) -> int:
    """Lets orders in these states be taken up: one, or those that lack a mapping of a kind, or all; returns how many."""
    return len(await tx.connection.fetch(TAKE_UP, business, states, ref, lacking))


async def forget_unasked(tx: Tx) -> None:
    """Removes the statuses of orders that nobody has asked to book."""
    await tx.connection.execute(FORGET)


def _read(row: Any) -> ErpOrder | None:
    return ErpOrder(**row) if row else None
