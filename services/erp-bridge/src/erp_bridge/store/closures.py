"""Closures of purchase orders."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kit.db import Tx
from kit.errors import NotFound
from kit.ids import uuid7

LEASE = timedelta(seconds=15)
"""How long a run that nobody prolongs counts as under way: its process was killed."""
MOST_TRIES = 3
COLUMNS = """
    business_id, id, numero_pedido, item_pedido, numero_nf_servico, id_nf_servico, status, tentativas, max_tentativas,
    mensagem_erro, detalhes, waits_for_person, n_cod_ped, run, created_at, updated_at, processado_em
"""
OPEN_OF_ORDER = f"""
    select {COLUMNS} from purchase_order_closures
    where business_id = $1 and numero_pedido = $2 and item_pedido = $3 and status in ('pending', 'processing')
"""
REOPEN_OF_ORDER = f"""
    update purchase_order_closures set status = 'pending', updated_at = now()
    where business_id = $1 and id = (
        select id from purchase_order_closures
        where business_id = $1 and numero_pedido = $2 and item_pedido = $3 and numero_nf_servico = $4 and id_nf_servico = $5
            and status = 'failed' and tentativas < max_tentativas
        order by id desc limit 1
        for update
    )
    returning {COLUMNS}
"""
ADD = f"""
    insert into purchase_order_closures
        (business_id, numero_pedido, item_pedido, numero_nf_servico, id_nf_servico, id, status, max_tentativas, created_at,
        updated_at)
    values ($1, $2, $3, $4, $5, $6, 'pending', $7, now(), now())
    returning {COLUMNS}
"""
ONE = f"select {COLUMNS} from purchase_order_closures where business_id = $1 and id = $2"
# A run that its process's death has broken off goes on, and is no new try.
CLAIM = """
    update purchase_order_closures
    set tentativas = tentativas + (status = 'pending')::integer, status = 'processing', run = $1, lease_until = now() + $2,
        updated_at = now()
"""
IS_DUE = "(status = 'pending' or status = 'processing' and lease_until < now())"
CLAIM_ONE = f"{CLAIM} where business_id = $3 and id = $4 and {IS_DUE} returning {COLUMNS}"
CLAIM_DUE = f"""
    {CLAIM}
    where (business_id, id) in (
        select business_id, id from purchase_order_closures
        where status <> 'success' and {IS_DUE}
        order by updated_at
        limit $3
        for update skip locked
    )
    returning {COLUMNS}
"""
PROLONG = "update purchase_order_closures set lease_until = now() + $4 where business_id = $1 and id = $2 and run = $3"
FINISH = """
    update purchase_order_closures
    set status = $4, mensagem_erro = $5, detalhes = $6, may_pass = $7, tentativas = tentativas - $8::boolean::integer,
        run = null, lease_until = null, updated_at = now(), processado_em = now()
    where business_id = $1 and id = $2 and run = $3
"""
HAND_OVER = """
    update purchase_order_closures
    set waits_for_person = true, n_cod_ped = $4, mensagem_erro = $5, detalhes = $6, run = null, lease_until = null,
        updated_at = now()
    where business_id = $1 and id = $2 and run = $3
"""
WAITING = f"""
    select {COLUMNS} from purchase_order_closures
    where business_id = $1 and status = 'processing' and waits_for_person
    order by id
    limit $2
"""
WAITING_FOR = f"""
    select {COLUMNS} from purchase_order_closures
    where business_id = $1 and waits_for_person and n_cod_ped = $2
    order by id
"""
WITNESS = """
    update purchase_order_closures
    set status = $3, mensagem_erro = $4, detalhes = detalhes || $5, waits_for_person = false, updated_at = now(),
        processado_em = now()
    where business_id = $1 and id = $2 and status = 'processing' and waits_for_person
    returning id
"""
# Goes on as a run that its process's death has broken off does, so it is no new try.
RESUME = """
    update purchase_order_closures
    set waits_for_person = false, run = gen_random_uuid(), lease_until = now()
    where (business_id, id) in (
        select business_id, id from purchase_order_closures
        where business_id = $1 and status = 'processing' and waits_for_person and detalhes @> '{"recebimento_consultado": false}'
            and updated_at < now() - interval '1 minute'
        order by updated_at
        limit 1
        for update skip locked
    )
"""
# Of several failed ones of an order the newest, unless one is open anyway.
REOPEN = """
    update purchase_order_closures c set status = 'pending', updated_at = now()
    from (
        select distinct on (numero_pedido, item_pedido) id, status, tentativas, max_tentativas
        from purchase_order_closures
        where business_id = $1
        order by numero_pedido, item_pedido, id desc
    ) newest
    where c.business_id = $1 and c.id = newest.id and newest.status = 'failed' and newest.tentativas < newest.max_tentativas
"""
PENDING = "select id from purchase_order_closures where business_id = $1 and status = 'pending' order by id"
REOPEN_WHAT_MAY_PASS = """
    update purchase_order_closures c set status = 'pending', updated_at = now()
    where status = 'failed' and may_pass and tentativas < max_tentativas and updated_at < now() - interval '5 minutes'
        and not exists (
            select from purchase_order_closures o
            where (o.business_id, o.numero_pedido, o.item_pedido) = (c.business_id, c.numero_pedido, c.item_pedido)
                and o.id > c.id
        )
"""


@dataclass(frozen=True, slots=True)
class Closure:
    """The log of a closure."""

    business_id: UUID
    id: UUID
    numero_pedido: str
    item_pedido: str
    numero_nf_servico: str
    id_nf_servico: int
    status: str
    tentativas: int
    max_tentativas: int
    mensagem_erro: str
    detalhes: dict[str, Any]
    waits_for_person: bool
    n_cod_ped: int | None
    run: UUID | None
    created_at: datetime
    updated_at: datetime
    processado_em: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it waits to be run or goes on; not while it waits for a person."""
        return self.status in ("pending", "processing") and not self.waits_for_person

    @property
    def may_retry(self) -> bool:
        """Whether it may be tried again."""
        return self.tentativas < self.max_tentativas and self.status in ("pending", "failed")


async def open_of_order(tx: Tx, business: UUID, order: str, item: str) -> Closure | None:
    """Returns the case of an order that is open."""
    return _read(await tx.connection.fetchrow(OPEN_OF_ORDER, business, order, item))


async def reopen_of_order(
    tx: Tx, business: UUID, order: str, item: str, invoice: str, invoice_id: int
) -> Closure | None:
    """Lets the last failed case for the same invoice wait again, if it has tries left, and returns it."""
    return _read(await tx.connection.fetchrow(REOPEN_OF_ORDER, business, order, item, invoice, invoice_id))


async def add(tx: Tx, business: UUID, order: str, item: str, invoice: str, invoice_id: int) -> Closure:
    """Adds a case that waits to be run; the order must have none that is open."""
    place = (business, order, item, invoice, invoice_id)
    [row] = await tx.connection.fetch(ADD, *place, uuid7(), MOST_TRIES)
    return Closure(**row)


async def one(tx: Tx, business: UUID, closure: UUID) -> Closure:
    """Returns a closure; raises NotFound."""
    if found := _read(await tx.connection.fetchrow(ONE, business, closure)):
        return found
    raise NotFound("not_found", id=str(closure))


async def claim_one(tx: Tx, business: UUID, closure: UUID) -> Closure | None:
    """Takes a closure to run, unless it goes on elsewhere, waits for a person, or has ended."""
    return _read(await tx.connection.fetchrow(CLAIM_ONE, uuid7(), LEASE, business, closure))


async def claim_due(tx: Tx, most: int) -> list[Closure]:
    """Takes closures to run that wait for it, or whose process has died."""
    return [Closure(**row) for row in await tx.connection.fetch(CLAIM_DUE, uuid7(), LEASE, most)]


async def prolong(tx: Tx, closure: Closure) -> None:
    """Says that a run goes on."""
    await tx.connection.execute(PROLONG, closure.business_id, closure.id, closure.run, LEASE)


async def finish(
    tx: Tx, closure: Closure, error: str, details: dict[str, Any], *, may_pass: bool = False, held_back: bool = False
) -> None:
    """Ends a run, with success when there is no error; does nothing when it was taken over meanwhile.

    One that our own limits held back was no try.
    """
    place = (closure.business_id, closure.id, closure.run)
    await tx.connection.execute(FINISH, *place, "failed" if error else "success", error, details, may_pass, held_back)


async def hand_over(tx: Tx, closure: Closure, order: int, instruction: str, details: dict[str, Any]) -> None:
    """Lets a case wait until a person has closed the order with this id in the ERP."""
    place = (closure.business_id, closure.id, closure.run)
    await tx.connection.execute(HAND_OVER, *place, order, instruction, details)


async def waiting(tx: Tx, business: UUID, most: int) -> list[Closure]:
    """Returns cases of a business that wait for a person, oldest first."""
    return [Closure(**row) for row in await tx.connection.fetch(WAITING, business, most)]


async def waiting_for(tx: Tx, business: UUID, order: int) -> list[Closure]:
    """Returns the cases of a business that wait for a person to close the order with that id in the ERP."""
    return [Closure(**row) for row in await tx.connection.fetch(WAITING_FOR, business, order)]


async def resume(tx: Tx, business: UUID) -> None:
    """Lets the case of a business go on that waits longest for a person without having had its receipt looked for."""
    await tx.connection.execute(RESUME, business)


async def witness(tx: Tx, closure: Closure, error: str, details: dict[str, Any]) -> bool:
    """Ends a case that waited for a person, with success when there is no error; tells whether it still waited."""
    status = "failed" if error else "success"
    return bool(await tx.connection.fetch(WITNESS, closure.business_id, closure.id, status, error, details))


async def reopen(tx: Tx) -> list[UUID]:
    """Lets what has failed and has tries left wait again, and returns everything of the business that waits to be run."""
    await tx.connection.execute(REOPEN, tx.business)
    return [row["id"] for row in await tx.connection.fetch(PENDING, tx.business)]


async def reopen_what_may_pass(tx: Tx) -> None:
    """Lets what failed five minutes ago, of causes that pass, wait again."""
    await tx.connection.execute(REOPEN_WHAT_MAY_PASS)


def _read(row: Any) -> Closure | None:
    return Closure(**row) if row else None
