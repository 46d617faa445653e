"""Runs checks, each database as it is at one moment."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg

from comanda_cli.fleet import addresses
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.verify import across, broker, erp, inventory, machinery, orders, payments, sales
from comanda_cli.verify.check import Check, Connection, Finding, Row

CHECKS = (
    *orders.CHECKS,
    *inventory.CHECKS,
    *sales.CHECKS,
    *payments.CHECKS,
    *across.CHECKS,
    *erp.CHECKS,
    *machinery.CHECKS,
)
SETTLE_SECONDS = 10.0
LOOK_AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found."""

    check: Check
    checked: int
    wrong: Sequence[Row]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


async def verify_home(home: Home, settle: float = SETTLE_SECONDS) -> list[Result]:
    """Runs every check on the fleet of a home; raises FleetError when a part of it cannot be reached."""
    where = addresses.kept(home)
    outside = [broker.check(where.nats_url, where.prefix)]
    if where.simulated_erp:
        outside.append(erp.check(where.omie_simulator))
    return await verify(where.databases, settle, (*CHECKS, *outside))


async def verify(
    databases: Mapping[str, str], settle: float = SETTLE_SECONDS, checks: Sequence[Check] = CHECKS
) -> list[Result]:
    """Runs checks on the databases (URLs by service) and returns what they found, in their order.

    What may be wrong only for a moment is looked at again for up to settle seconds: it must be wrong each time. Raises
    FleetError when a database cannot be reached.
    """
    deadline = time.monotonic() + settle
    results = await _run(databases, checks)
    while waiting := [each.check for each in results.values() if each.wrong and each.check.settles]:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        await asyncio.sleep(min(left, LOOK_AGAIN_SECONDS))
        for name, again in (await _run(databases, waiting)).items():
            still = set(again.wrong)
            results[name] = Result(again.check, again.checked, [row for row in results[name].wrong if row in still])
    return list(results.values())


async def _run(databases: Mapping[str, str], checks: Sequence[Check]) -> dict[str, Result]:
    results = {}
    async with AsyncExitStack() as stack:
        connections: dict[str, Connection] = {}
        # In the order in which the first check that needs it names them: a check that looks at two depends on that.
        for name in dict.fromkeys(name for check in checks for name in check.databases):
            connections[name] = await stack.enter_async_context(_snapshot(databases[name], name))
        for check in checks:
            finding: Finding = await check.find(connections)
            results[check.name] = Result(check, *finding)
    return results


@asynccontextmanager
async def _snapshot(url: str, name: str) -> AsyncIterator[Connection]:
    """Opens a database as it is now, for reading only."""
    try:
        connection: Connection = await asyncpg.connect(url)
    except (OSError, asyncpg.PostgresError) as error:
        raise FleetError(f"the database of {name} cannot be reached: {error}") from error
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            # Checks read whole tables; statistics that lag behind a mass of new rows would make a nested loop look cheap.
            # This first statement is also what takes the snapshot: beginning a transaction does not.
            await connection.execute("select set_config('enable_nestloop', 'off', true)")
            yield connection
    finally:
        await connection.close()
