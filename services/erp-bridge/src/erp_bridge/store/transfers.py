"""Transfers of attachments and the pairs they belong to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from erp_bridge.domain.attachment import Owner, Pair
from kit.db import Tx
from kit.errors import NotFound
from kit.ids import uuid7

LEASE = timedelta(seconds=15)
"""How long a run that nobody prolongs counts as under way: its process was killed."""
MOST_TRIES = 3
COLUMNS = """
    business_id, id, origem_tabela, origem_id, destino_tabela, destino_id, numero_nf, status, tentativas, max_tentativas,
    anexos_transferidos, total_anexos, mensagem_erro, detalhes, run, created_at, updated_at, processado_em
"""
NOTE_MAP = """
    insert into attachment_maps as m
        (business_id, origem_tabela, origem_id, destino_tabela, destino_id, numero_nf, created_at)
    values ($1, $2, $3, $4, $5, $6, now())
    on conflict (business_id, origem_tabela, origem_id, destino_tabela, destino_id) do update
    set numero_nf = excluded.numero_nf
    where excluded.numero_nf not in ('', m.numero_nf)
"""
OF_PAIR = """
    where business_id = $1 and origem_tabela = $2 and origem_id = $3 and destino_tabela = $4 and destino_id = $5
"""
OPEN_OF_PAIR = f"select {COLUMNS} from attachment_transfers {OF_PAIR} and status in ('pending', 'processing')"
SUCCEEDED_OF_PAIR = f"""
    select {COLUMNS} from attachment_transfers {OF_PAIR} and status = 'success' order by id desc limit 1
"""
REOPEN_OF_PAIR = f"""
    update attachment_transfers set status = 'pending', updated_at = now()
    where business_id = $1 and id = (
        select id from attachment_transfers {OF_PAIR} and status = 'failed' and tentativas < max_tentativas
        order by id desc limit 1
        for update
    )
    returning {COLUMNS}
"""
ADD = f"""
    insert into attachment_transfers
        (business_id, origem_tabela, origem_id, destino_tabela, destino_id, id, numero_nf, status, max_tentativas,
        created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, now(), now())
    returning {COLUMNS}
"""
ONE = f"select {COLUMNS} from attachment_transfers where business_id = $1 and id = $2"
# A run that its process's death has broken off goes on, and is no new try.
CLAIM = """
    update attachment_transfers
    set tentativas = tentativas + (status = 'pending')::integer, status = 'processing', run = $1, lease_until = now() + $2,
        updated_at = now()
"""
IS_DUE = "(status = 'pending' or status = 'processing' and lease_until < now())"
CLAIM_ONE = f"{CLAIM} where business_id = $3 and id = $4 and {IS_DUE} returning {COLUMNS}"
CLAIM_DUE = f"""
    {CLAIM}
    where (business_id, id) in (
        select business_id, id from attachment_transfers
        where status <> 'success' and {IS_DUE}
        order by updated_at
        limit $3
        for update skip locked
    )
    returning {COLUMNS}
"""
PROLONG = "update attachment_transfers set lease_until = now() + $4 where business_id = $1 and id = $2 and run = $3"
FINISH = """
    update attachment_transfers
    set status = $4, anexos_transferidos = $5, total_anexos = $6, mensagem_erro = $7, detalhes = $8, may_pass = $9,
        tentativas = tentativas - $10::boolean::integer, run = null, lease_until = null, updated_at = now(),
        processado_em = now()
    where business_id = $1 and id = $2 and run = $3
"""
# Of several failed ones of a pair the newest, unless one of the pair is open anyway.
REOPEN = """
    update attachment_transfers t set status = 'pending', updated_at = now()
    from (
        select distinct on (origem_tabela, origem_id, destino_tabela, destino_id)
            id, origem_tabela, origem_id, destino_tabela, destino_id, status, tentativas, max_tentativas
        from attachment_transfers
        where business_id = $1
        order by origem_tabela, origem_id, destino_tabela, destino_id, id desc
    ) newest
    where t.business_id = $1 and t.id = newest.id and newest.status = 'failed' and newest.tentativas < newest.max_tentativas
"""
PENDING = "select id from attachment_transfers where business_id = $1 and status = 'pending' order by id"
REOPEN_WHAT_MAY_PASS = """
    update attachment_transfers t set status = 'pending', updated_at = now()
    where status = 'failed' and may_pass and tentativas < max_tentativas and updated_at < now() - interval '5 minutes'
        and not exists (
            select from attachment_transfers o
            where (o.business_id, o.origem_tabela, o.origem_id, o.destino_tabela, o.destino_id)
                = (t.business_id, t.origem_tabela, t.origem_id, t.destino_tabela, t.destino_id) and o.id > t.id
        )
"""


@dataclass(frozen=True, slots=True)
class Transfer:
    """The log of a transfer."""

    business_id: UUID
    id: UUID
    origem_tabela: str
    origem_id: int
    destino_tabela: str
    destino_id: int
    numero_nf: str
    status: str
    tentativas: int
    max_tentativas: int
    anexos_transferidos: list[dict[str, Any]]
    total_anexos: int
    mensagem_erro: str
    detalhes: dict[str, Any]
    run: UUID | None
    created_at: datetime
    updated_at: datetime
    processado_em: datetime | None

    @property
    def pair(self) -> Pair:
        """From where to where."""
        return Pair(Owner(self.origem_tabela, self.origem_id), Owner(self.destino_tabela, self.destino_id))

    @property
    def is_open(self) -> bool:
        """Whether it waits or goes on."""
        return self.status in ("pending", "processing")

    @property
    def may_retry(self) -> bool:
        """Whether it may be tried again."""
        return self.tentativas < self.max_tentativas and self.status in ("pending", "failed")


def _key(business: UUID, pair: Pair) -> tuple[UUID, str, int, str, int]:
    return business, pair.origin.table, pair.origin.id, pair.destination.table, pair.destination.id


async def note_map(tx: Tx, business: UUID, pair: Pair, invoice: str) -> None:
    """Notes that two records belong together."""
    await tx.connection.execute(NOTE_MAP, *_key(business, pair), invoice)


async def open_of_pair(tx: Tx, business: UUID, pair: Pair) -> Transfer | None:
    """Returns the transfer of a pair that waits or goes on."""
    return _read(await tx.connection.fetchrow(OPEN_OF_PAIR, *_key(business, pair)))


async def succeeded_of_pair(tx: Tx, business: UUID, pair: Pair) -> Transfer | None:
    """Returns the last transfer of a pair that succeeded."""
    return _read(await tx.connection.fetchrow(SUCCEEDED_OF_PAIR, *_key(business, pair)))


async def reopen_of_pair(tx: Tx, business: UUID, pair: Pair) -> Transfer | None:
    """Lets the last failed transfer of a pair wait again, if it has tries left, and returns it."""
    return _read(await tx.connection.fetchrow(REOPEN_OF_PAIR, *_key(business, pair)))


async def add(tx: Tx, business: UUID, pair: Pair, invoice: str) -> Transfer:
    """Adds a transfer that waits; the pair must have none that is open."""
    [row] = await tx.connection.fetch(ADD, *_key(business, pair), uuid7(), invoice, MOST_TRIES)
    return Transfer(**row)


async def one(tx: Tx, business: UUID, transfer: UUID) -> Transfer:
    """Returns a transfer; raises NotFound."""
    if found := _read(await tx.connection.fetchrow(ONE, business, transfer)):
        return found
    raise NotFound("not_found", id=str(transfer))


async def claim_one(tx: Tx, business: UUID, transfer: UUID) -> Transfer | None:
    """Takes a transfer to run, unless it goes on elsewhere or has ended."""
    return _read(await tx.connection.fetchrow(CLAIM_ONE, uuid7(), LEASE, business, transfer))


async def claim_due(tx: Tx, most: int) -> list[Transfer]:
    """Takes transfers to run that wait, or whose process has died."""
    return [Transfer(**row) for row in await tx.connection.fetch(CLAIM_DUE, uuid7(), LEASE, most)]


async def prolong(tx: Tx, transfer: Transfer) -> None:
    """Says that a run goes on."""
    await tx.connection.execute(PROLONG, transfer.business_id, transfer.id, transfer.run, LEASE)


async def finish(
    tx: Tx,
    transfer: Transfer,
    status: str,
    moved: list[dict[str, Any]],
    total: int,
    error: str,
    details: dict[str, Any],
    may_pass: bool,
    held_back: bool,
) -> None:
    """Ends a run; does nothing when it was taken over meanwhile. One that our own limits held back was no try."""
    place = (transfer.business_id, transfer.id, transfer.run)
    await tx.connection.execute(FINISH, *place, status, moved, total, error, details, may_pass, held_back)


async def reopen(tx: Tx) -> list[UUID]:
    """Lets what has failed and has tries left wait again, and returns everything of the business that waits."""
    await tx.connection.execute(REOPEN, tx.business)
    return [row["id"] for row in await tx.connection.fetch(PENDING, tx.business)]


async def reopen_what_may_pass(tx: Tx) -> None:
    """Lets what failed five minutes ago, of causes that pass, wait again."""
    await tx.connection.execute(REOPEN_WHAT_MAY_PASS)


def _read(row: Any) -> Transfer | None:
    return Transfer(**row) if row else None
