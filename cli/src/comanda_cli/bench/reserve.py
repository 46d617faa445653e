"""Reservations over gRPC, on one hot SKU and on many, beside what pgbench gets from bare SQL on the same row."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import asyncpg

from comanda.inventory.v1.reservations_pb2_grpc import ReservationServiceStub
from comanda_cli.api import Api
from comanda_cli.bench import pgbench, shelves
from comanda_cli.bench.buyers import Buyers
from comanda_cli.bench.orders import percentiles
from comanda_cli.bench.usage import CLIENT, cpu_seconds
from comanda_cli.fleet import addresses
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from kit import client

HOT = "HOT"
SKUS = 1000
STOCK = "100000000"
ROUNDS = 3
WARM_UP_SECONDS = 2

BUSINESS = "select business_id::text from stock where sku = $1"
RESERVATIONS = "select count(*) from reservations where (owner_ref = $1) = $2"

JSON = dict[str, Any]
Tell = Callable[[str], None]


@dataclass(slots=True)
class Run:
    """What was made so far, by rounds that count."""

    per_second: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def typical(self) -> float:
        """The median of the rounds, in reservations a second."""
        return median(self.per_second)


class Contest:
    """Three ways to make reservations on one server, in turns, so that a growing table and a warm disk are the same to all."""

    def __init__(self, home: Home, buyers: Buyers, row: Mapping[str, str]) -> None:
        self._home = home
        self._url = addresses.kept(home).databases["inventory"]
        self._buyers = buyers
        self._row = row
        self._many = skus()
        self.hot, self.spread, self.bare = Run(), Run(), Run()
        self.bare_made = 0

    async def round(self, seconds: int) -> None:
        """Lets each way go for so many seconds."""
        await self._buy(self.spread, self._many, seconds)
        made, per_second = await pgbench.run(self._url, self._buyers.clients, seconds, self._row)
        self.bare.per_second.append(per_second)
        self.bare_made += made
        await self._buy(self.hot, [HOT], seconds)

    def forget(self) -> None:
        """Ends the warm-up: what was made stays, and does not count."""
        self.hot, self.spread, self.bare = Run(), Run(), Run()

    async def _buy(self, run: Run, skus: list[str], seconds: int) -> None:
        before, began = cpu_seconds(self._home), time.perf_counter()
        answers = await self._buyers.buy(skus, seconds)
        run.per_second.append(len(answers) / (time.perf_counter() - began))
        run.latencies += answers
        for name, used in cpu_seconds(self._home).items():
            run.cpu[name] = run.cpu.get(name, 0.0) + used - before[name]


def skus() -> list[str]:
    """Returns the SKUs that nobody fights over."""
    return [f"SKU-{number:04}" for number in range(SKUS)]


async def measure(home: Home, clients: int, seconds: int, tell: Tell) -> JSON:
    """Returns the figures, medians of rounds of so many seconds; raises FleetError or Refusal."""
    tell(f"Making {SKUS + 1} products with stock")
    async with Api.of(home) as api:
        await shelves.fill(api, [HOT, *skus()], STOCK)
    where = addresses.kept(home)
    row = {"business": await _value(home, BUSINESS, HOT), "sku": HOT, "location": shelves.LOCATION}
    async with client.channel(where.grpc["inventory"]) as channel:
        buyers = Buyers(ReservationServiceStub(channel), home.credentials()["api_key"], clients)
        contest = Contest(home, buyers, row)
        tell("Warming up")
        await contest.round(WARM_UP_SECONDS)
        contest.forget()
        for number in range(1, ROUNDS + 1):
            tell(f"Measuring with {clients} clients, round {number} of {ROUNDS}")
            await contest.round(seconds)
    await _check_count(home, by_pgbench=True, expected=contest.bare_made)
    await _check_count(home, by_pgbench=False, expected=buyers.asked)
    return _figures(contest, clients)


def _figures(contest: Contest, clients: int) -> JSON:
    hot, spread, bare = contest.hot.typical, contest.spread.typical, contest.bare.typical
    if not (spread and bare):
        raise FleetError("nothing to compare with: the machine is too busy for a measurement")
    latency = percentiles(contest.hot.latencies)
    per_reservation = {
        name: round(used * 1000 / len(contest.hot.latencies), 3) for name, used in contest.hot.cpu.items()
    }
    return {
        "hot_per_second": round(hot, 1),
        "spread_per_second": round(spread, 1),
        "pgbench_hot_per_second": round(bare, 1),
        "hot_vs_pgbench": round(hot / bare, 2),
        "hot_vs_spread": round(hot / spread, 2),
        "p50_ms": latency["p50"],
        "p99_ms": latency["p99"],
        "clients": clients,
        "server_cpu_ms_per_reservation": round(sum(per_reservation.values()) - per_reservation[CLIENT], 3),
        "cpu_ms_per_reservation": per_reservation,
    }


async def _check_count(home: Home, *, by_pgbench: bool, expected: int) -> None:
    found = await _value(home, RESERVATIONS, pgbench.OWNER, by_pgbench)
    if found != expected:
        raise FleetError(f"{expected} reservations were acknowledged and there are {found}")


async def _value(home: Home, statement: str, *arguments: object) -> Any:
    connection = await asyncpg.connect(addresses.kept(home).databases["inventory"])
    try:
        return await connection.fetchval(statement, *arguments)
    finally:
        await connection.close()
