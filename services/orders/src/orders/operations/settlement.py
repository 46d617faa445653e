"""What becomes of directives once their executor has answered."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from comanda.inventory.directives.v1 import directives_pb2 as inventory
from comanda.types.v1 import messaging_pb2
from kit import ids
from kit.consumer import Received
from kit.db import Tx
from orders.domain import checks
from orders.domain.directive import DONE, FAILED, release
from orders.domain.session import OPEN
from orders.messages import values
from orders.operations import directives, entries, moves, returns
from orders.store import directives as store
from orders.store import sessions

Settled = Received[messaging_pb2.DirectiveSettled]
TRIGGERS = {
    "stock.commit": "on_stock_commit",
    "payment.authorize": "on_payment_confirm",
    "payment.confirm": "on_payment_confirm",
    "payment.capture": "on_payment_confirm",
}
"""What finished work tells an order's flow; `payment.confirm` is another name of authorising (decision 27)."""


async def settle(tx: Tx, batch: Sequence[Settled]) -> list[str]:
    """Writes how directives ended, and check results into their sessions; returns the keys of sessions that were checked."""
    stale, checked = await _apply_checks(tx, [each for each in batch if _holds(each)])
    answers = _last(batch)
    settled = await store.settle(tx, [_settlement(each, stale) for each in answers])
    for row in settled:
        if row["status"] == FAILED and row["error_code"] != checks.STALE:
            directives.tell_failed(tx, row)
    await entries.record(tx, settled, answers)
    await returns.settle(tx, settled)
    for topic, trigger in TRIGGERS.items():
        done = [each for each in settled if each["topic"] == topic and each["status"] == DONE and each["order_ref"]]
        await moves.advance_all(tx, trigger, [(each["business_id"], each["order_ref"]) for each in done])
    return checked


def _holds(settled: Settled) -> bool:
    done = settled.message.outcome == messaging_pb2.OUTCOME_DONE
    return done and settled.message.result.Is(inventory.HoldStockResult.DESCRIPTOR)


def _last(batch: Sequence[Settled]) -> list[Settled]:
    """Leaves one answer for each directive: a success, else the latest attempt's."""
    ordered = sorted(batch, key=lambda s: (s.message.outcome == messaging_pb2.OUTCOME_DONE, s.message.attempt))
    return list({each.message.directive_id: each for each in ordered}.values())


async def _apply_checks(tx: Tx, batch: Sequence[Settled]) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Returns what is to be said of directives whose revision had passed, and the keys of sessions that now know their check."""
    results = [(each, _result(each)) for each in batch]
    newest: dict[tuple[UUID, str, str], tuple[Settled, inventory.HoldStockResult]] = {}
    for each, result in sorted(results, key=lambda pair: pair[1].rev):
        newest[(each.business, result.channel_code, result.session_key)] = (each, result)
    if not newest:
        return {}, []
    rows = [_check_row(tx, each, result) for each, result in newest.values()]
    found = {(r["business_id"], r["channel_code"], r["session_key"]): r for r in await sessions.apply_checks(tx, rows)}
    for key, row in found.items():
        if row["state"] == "abandoned" and newest[key][1].holds:
            _release(tx, row)
    stale = {each.message.directive_id: why for each, result in results if (why := _passed(found, each, result))}
    return stale, [signal(key[0], key[2]) for key, row in found.items() if row["applied"]]


def signal(business: UUID, session_key: str) -> str:
    """Returns the key under which those who wait for a session's checks are woken."""
    return f"{business}/{session_key}"


def _passed(
    found: dict[Any, asyncpg.Record], each: Settled, result: inventory.HoldStockResult
) -> tuple[str, str] | None:
    row = found.get((each.business, result.channel_code, result.session_key))
    if row and (row["state"] != OPEN or row["rev"] == result.rev):
        return None
    return checks.passed(result.rev, row["rev"] if row else None)


def _release(tx: Tx, row: asyncpg.Record) -> None:
    """Gives back a hold that came after its session was abandoned."""
    task = release(row["channel_code"], row["session_key"], "abandoned")
    directives.enqueue(tx, [task], business=row["business_id"])


def _result(settled: Settled) -> inventory.HoldStockResult:
    result = inventory.HoldStockResult()
    settled.message.result.Unpack(result)
    return result


def _check_row(tx: Tx, each: Settled, result: inventory.HoldStockResult) -> Any:
    expiry = result.hold_expires_at.ToJsonString() if result.HasField("hold_expires_at") else None
    check = {
        "rev": result.rev,
        "at": tx.now.isoformat(),
        "result": {"holds": [_hold(each) for each in result.holds], "hold_expires_at": expiry},
    }
    issues = [
        checks.shortage_issue(
            values.json_of(shortage), result.rev, ids.code("ISS", 8), (ids.code("ACT", 8), ids.code("ACT", 8))
        )
        for shortage in result.shortages
    ]
    return (
        each.business,
        result.channel_code,
        result.session_key,
        result.rev,
        checks.STOCK,
        {"check": check, "issues": issues},
    )


def _hold(held: inventory.Hold) -> dict[str, str]:
    """Returns a hold in plain JSON; by hand, since there are some in each order."""
    return {
        "sku": held.sku,
        "hold_id": held.hold_id,
        "qty": held.qty,
        "expires_at": held.expires_at.ToJsonString(),
        "location": held.location,
    }


def _settlement(each: Settled, stale: Mapping[str, tuple[str, str]]) -> store.Settlement:
    message = each.message
    code, error = stale.get(message.directive_id, (message.error_code, message.error))
    return store.Settlement(
        business=each.business,
        id=UUID(message.directive_id),
        attempt=message.attempt,
        outcome=messaging_pb2.OUTCOME_FAILED if message.directive_id in stale else message.outcome,
        error_code=code,
        error=error,
        retry_after=message.retry_after.ToMilliseconds() / 1000 if message.HasField("retry_after") else None,
    )
