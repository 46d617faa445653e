"""Orders that flow while something dies, and what must be true of them afterwards."""

import asyncio
import time
from dataclasses import dataclass, field
from uuid import uuid4

import asyncpg

from comanda_cli.api import Api, Refusal
from comanda_cli.fleet.report import collect
from comanda_cli.testing import Fleet
from comanda_cli.verify.command import words
from comanda_cli.verify.run import verify_home
from kit.testing import eventually

CHANNEL = {
    "code": "chaos",
    "pricing_policy": "external",
    "config": {"required_checks_on_commit": ["stock"], "post_commit_directives": ["stock.commit"]},
}
SKUS = [f"CHAOS-{number}" for number in range(5)]
CLIENTS = 6
# Orders that must come through before something dies, and again after everything is back.
ENOUGH = 25
# Seconds within which every order has come through, beside the time that the machine takes to start a process again.
LONGEST_STALL = 25.0
# How long what is under way may take to settle: shorter than a lease, whose end heals much.
SETTLE_SECONDS = 50.0
# How long enough orders may take on a machine that is busy with something else.
ADVANCE_SECONDS = 150.0


async def prepare(api: Api) -> None:
    """Makes what the flow sells, once however often it is called."""
    await api.post("/api/v1/channels", CHANNEL, "channel")
    await api.post("/api/v1/locations", {"code": "chaos", "type": "warehouse"}, "location")
    for sku in SKUS:
        await api.post("/api/v1/products", {"sku": sku, "name": sku}, sku)
    lines = [{"sku": sku, "qty": "100000"} for sku in SKUS]
    await api.post("/api/v1/stock/receive", {"location": "chaos", "lines": lines}, "stock")


@dataclass
class Flow:
    """Clients that make orders until they are told to stop; what a client does is tried again with the same keys."""

    api: Api
    acknowledged: dict[str, str] = field(default_factory=dict)
    slowest: float = 0.0
    stopped: bool = False

    async def run(self) -> None:
        """Makes orders until `stopped` is set."""
        async with asyncio.TaskGroup() as group:
            for client in range(CLIENTS):
                group.create_task(self._client(client))

    async def _client(self, client: int) -> None:
        while not self.stopped:
            began, key = time.monotonic(), uuid4().hex
            skus = [SKUS[client % len(SKUS)], SKUS[(client + 1) % len(SKUS)]]
            ops = [{"op": "add_line", "sku": sku, "qty": "2", "unit_price_q": 150} for sku in skus]
            body = {"channel_code": "chaos", "session_key": key, "ops": ops}
            await self.api.post("/api/v1/sessions", body, f"open-{key}")
            commit = {"channel_code": "chaos", "wait_for_checks_ms": 10_000}
            self.acknowledged[key] = await self._commit(key, commit)
            self.slowest = max(self.slowest, time.monotonic() - began)

    async def _commit(self, key: str, body: dict[str, object]) -> str:
        """Commits; the check of a session may take longer than the client is willing to wait in one call."""
        while True:
            try:
                made = await self.api.post(f"/api/v1/sessions/{key}/commit", body, f"commit-{key}")
                return str(made["order_ref"])
            except Refusal as refusal:
                if refusal.code != "missing_check":
                    raise

    async def advances(self) -> None:
        """Returns when enough further orders were acknowledged."""
        goal = len(self.acknowledged) + ENOUGH

        async def reached() -> bool:
            return len(self.acknowledged) >= goal

        await eventually(reached, ADVANCE_SECONDS)


def pid_of(fleet: Fleet, name: str) -> int:
    """The number of a process, 0 while it does not run."""
    state = fleet.home.read("state")
    assert state
    [pid] = [each["pid"] for each in state["processes"] if each["name"] == name]
    return int(pid or 0)


async def replaced(fleet: Fleet, name: str, killed: int) -> bool:
    """Tells whether another process has the place of one that was killed."""
    return pid_of(fleet, name) not in (0, killed)


async def healthy(fleet: Fleet) -> bool:
    """Tells whether every process of the fleet answers well."""
    return (await asyncio.to_thread(collect, fleet.home)).is_healthy


async def failures(fleet: Fleet, settle: float = SETTLE_SECONDS) -> list[str]:
    """What `comanda verify` has to say of the fleet unless all its checks pass."""
    results = await verify_home(fleet.home, settle)
    return [] if all(each.passed for each in results) else words(results)


async def stored(fleet: Fleet, acknowledged: dict[str, str]) -> dict[str, str]:
    """The orders of the sessions that were acknowledged, by session; a second one of a session would show up as another ref."""
    connection = await asyncpg.connect(fleet.addresses.databases["orders"])
    try:
        rows = await connection.fetch(
            "select session_key, string_agg(ref, ' ') as refs from orders where session_key = any($1) group by 1",
            list(acknowledged),
        )
    finally:
        await connection.close()
    return {row["session_key"]: row["refs"] for row in rows}
