"""What other services ask of the stock, and what it learns from them."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from comanda.inventory.directives.v1.directives_pb2 import (
    CommitStock,
    HoldStock,
    HoldStockResult,
    ReleaseStock,
    RestockStock,
)
from comanda.sales.events.v1.events_pb2 import BusinessCreated, StorefrontCreated
from inventory.domain.hold import Demand, Held
from inventory.domain.order import Commitment, Refusal, Restock
from inventory.domain.product import storefront
from inventory.messages import directives as messages
from inventory.operations import holds, orders, products, restocks
from inventory.store import businesses
from kit.consumer import Handler, Received, on
from kit.db import Tx
from kit.directives import Settled, done, executes, failed, retry
from kit.errors import Invalid

PATIENT_SECONDS = 1.0
M = TypeVar("M", bound=Message)
Value = TypeVar("Value")


def handlers(commit_margin: timedelta) -> list[Handler[Any]]:
    """Returns all handlers; the margin is how much longer than its session is told a hold lives."""
    return [
        executes(HoldStock)(hold_stock(commit_margin)),
        commit_stock,
        release_stock,
        restock_stock,
        remember_businesses,
        open_storefronts,
    ]


def hold_stock(commit_margin: timedelta) -> Callable[[Tx, list[Received[HoldStock]]], Awaitable[Sequence[Settled]]]:
    """Returns what executes `stock.hold`."""

    async def execute(tx: Tx, batch: list[Received[HoldStock]]) -> Sequence[Settled]:
        async def hold(demands: list[Demand]) -> list[Settled]:
            held = await holds.hold(tx, demands, commit_margin)
            return [_held(*pair) for pair in zip(demands, held, strict=True)]

        settled = await _each(batch, messages.demand, hold)
        return [patient(*pair) for pair in zip(batch, settled, strict=True)]

    return execute


def patient(received: Received[HoldStock], settled: Settled) -> Settled:
    """Has a hold tried again that comes to nothing while another session may not have given its stock back yet."""
    result = settled.result
    short = isinstance(result, HoldStockResult) and result.shortages
    if short and received.attempt <= received.message.patience:
        return retry(
            "insufficient_stock", "another session may still give back what this one takes over", PATIENT_SECONDS
        )
    return settled


def _held(demand: Demand, held: Held | None) -> Settled:
    if held is None:
        return failed("stale_rev", f"revision {demand.rev} of session {demand.owner.ref} was overtaken or is over")
    return done(messages.hold_result(demand, held))


@executes(CommitStock)
async def commit_stock(tx: Tx, batch: list[Received[CommitStock]]) -> Sequence[Settled]:
    """Lets the units of orders leave."""

    async def commit(commitments: list[Commitment]) -> list[Settled]:
        return [_committed(refusal) for refusal in await orders.commit(tx, commitments)]

    return await _each(batch, messages.commitment, commit)


def _committed(refusal: Refusal | None) -> Settled:
    if refusal is None:
        return done()
    if refusal.unknown:
        return failed("unknown_hold", f"there are no holds {', '.join(map(str, refusal.unknown))}")
    if refusal.awaited and not refusal.short:
        return failed("backordered", f"units of {', '.join(refusal.awaited)} are promised and have not come in")
    return failed(
        "insufficient_stock", f"the holds ran out, and there is not enough left of {', '.join(refusal.short)}"
    )


@executes(ReleaseStock)
async def release_stock(tx: Tx, batch: list[Received[ReleaseStock]]) -> Sequence[Settled]:
    """Gives back what sessions and orders have."""
    await orders.release(tx, [messages.giving_back(each.message, each.business) for each in batch])
    return [done() for _ in batch]


@executes(RestockStock)
async def restock_stock(tx: Tx, batch: list[Received[RestockStock]]) -> Sequence[Settled]:
    """Puts back what customers sent back."""

    async def put_back(wanted: list[Restock]) -> list[Settled]:
        done_or_not = zip(wanted, await restocks.restock(tx, wanted), strict=True)
        return [done() if good else failed("never_taken", _never_taken(each)) for each, good in done_or_not]

    return await _each(batch, messages.restock, put_back)


def _never_taken(restock: Restock) -> str:
    return f"order {restock.order.ref} has not taken as many units of {', '.join(sorted(restock.items))} from the stock"


@on(BusinessCreated)
async def remember_businesses(tx: Tx, batch: list[Received[BusinessCreated]]) -> None:
    """Keeps where the days of each business end."""
    await businesses.remember(tx, {each.business: each.message.timezone for each in batch})


@on(StorefrontCreated)
async def open_storefronts(tx: Tx, batch: list[Received[StorefrontCreated]]) -> None:
    """Gives each new storefront its location."""
    locations = [(each.business, storefront(each.message.code, each.message.name, tx.now)) for each in batch]
    await products.open_storefronts(tx, locations)


async def _each(
    batch: list[Received[M]], read: Callable[[M, UUID], Value], work: Callable[[list[Value]], Awaitable[list[Settled]]]
) -> Sequence[Settled]:
    """Works on all that can be read, together; what cannot has failed for good and must not spoil the others' batch."""
    values: list[Value | Settled] = [_read(each, read) for each in batch]
    good = [value for value in values if not isinstance(value, Settled)]
    settled = iter(await work(good) if good else [])
    return [value if isinstance(value, Settled) else next(settled) for value in values]


def _read(received: Received[M], read: Callable[[M, UUID], Value]) -> Value | Settled:
    try:
        return read(received.message, received.business)
    except Invalid as error:
        return failed(error.code, f"{error.code}: {error.context}")
