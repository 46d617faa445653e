"""Many clients on two processes that are killed, on a PostgreSQL that crashes: every answer fits into one order of events."""

import asyncio
import os
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from stock_history import Level, Step, Unexplained, anything, enough, exactly, explain, short

import inventory
from comanda.inventory.v1 import reservations_pb2 as pb
from comanda.inventory.v1 import stock_pb2, transfers_pb2
from comanda.inventory.v1.reservations_pb2_grpc import ReservationServiceStub
from comanda.inventory.v1.stock_pb2_grpc import StockServiceStub
from comanda.inventory.v1.transfers_pb2_grpc import TransferServiceStub
from embedded.postgres import Postgres
from kit import client, migrations
from kit.errors import Conflict, Refused, Unavailable
from kit.testing import apart, eventually

SEED = int(os.environ["COMANDA_TEST_SEED"])
SKUS = ("coffee", "milk", "sugar")
MAIN, SPARE = "main", "spare"
START = {MAIN: Level(Decimal(6), Decimal(0)), SPARE: Level(Decimal(0), Decimal(0))}
CLIENTS = 8
# What may pass: asked again, with the same key, the same thing must come out.
AWAY = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}
LATEST = 3.0
CHECKS = "select conname from pg_constraint where conrelid = 'stock'::regclass and contype = 'c'"
PLANTED = """
from inventory.store import shelves
assert "for update of s" in shelves.LOCKED_SHELVES
shelves.LOCKED_SHELVES = shelves.LOCKED_SHELVES.replace("for update of s", "")
from inventory.__main__ import main
main()
"""


@dataclass
class Service:
    """The processes, as their clients see them."""

    bearer: str
    channels: list[grpc.aio.Channel]
    picks: random.Random

    async def ask(self, stub: Any, method: str, request: Any) -> Any:
        """Asks one process or the other until there is an answer, with one key all along; raises what it is refused with."""
        if hasattr(request, "request_id"):
            request.request_id = uuid4().hex
        while True:
            call = getattr(stub(self.picks.choice(self.channels)), method)
            try:
                return await client.call(call, request, self.bearer, deadline=LATEST)
            except (Unavailable, Conflict):
                await asyncio.sleep(0.05)
            except grpc.aio.AioRpcError as error:
                if error.code() not in AWAY:
                    raise
                await asyncio.sleep(0.05)


@dataclass
class History:
    """What happened to each SKU at each location, as those saw it who did it."""

    steps: defaultdict[tuple[str, str], list[Step]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0

    def add(self, sku: str, place: str, step: Step) -> None:
        """Adds an operation that was answered."""
        self.steps[sku, place].append(step)
        self.count += 1

    def check(self) -> None:
        """Finds an order for each; raises Unexplained."""
        for (_, place), steps in self.steps.items():
            explain(steps, START[place])


@dataclass
class Buyer:
    """Does one random thing after the other and notes what he was answered."""

    name: str
    service: Service
    history: History
    picks: random.Random
    held: list[tuple[str, str, Decimal]] = field(default_factory=list)
    """Id, SKU, and units of his reservations."""

    async def live(self, until: Callable[[], bool]) -> None:
        """Goes on until it is over."""
        rare = [self.receive, self.adjust, self.transfer, self.transfer, self.read, self.read]
        things = [*[self.reserve] * 6, *[self.finish] * 5, *rare]
        while not until():
            await self.picks.choice(things)()

    async def reserve(self) -> None:
        wanted = {sku: Decimal(self.picks.randint(1, 3)) for sku in self.picks.sample(SKUS, self.picks.randint(1, 2))}
        lines = [pb.ReservationLine(sku=sku, qty=str(qty), location=MAIN) for sku, qty in wanted.items()]
        request = pb.CreateReservationRequest(owner_type=pb.OWNER_TYPE_CART, owner_ref=self.name, lines=lines)
        began = time.monotonic()
        try:
            answer = await self.service.ask(ReservationServiceStub, "CreateReservation", request)
        except Refused as refusal:
            self._denied(began, wanted, {line["sku"]: line for line in refusal.context["lines"]})
            return
        for made in answer.reservations:
            qty = Decimal(made.qty)
            self._note(made.sku, f"reserve {qty}", began, enough(qty), reserved=qty)
            self.held.append((made.id, made.sku, qty))

    def _denied(self, began: float, wanted: dict[str, Decimal], lines: dict[str, Any]) -> None:
        for sku, qty in wanted.items():
            if sku in lines:
                available = Decimal(lines[sku]["available"])
                self._note(sku, f"denied {qty} of {available}", began, short(qty, available))
            else:
                self._note(sku, f"denied {qty} for another SKU", began, enough(qty))

    async def finish(self) -> None:
        """Ends one of his reservations, or a part of it: gives it up, or takes what he held."""
        if not self.held:
            return
        identifier, sku, qty = self.held.pop(self.picks.randrange(len(self.held)))
        method = self.picks.choice(["Release", "Commit", "Fulfill"])
        request = getattr(pb, f"{method}ReservationRequest")(id=identifier)
        gone = Decimal(0) if method == "Release" else qty
        if method == "Fulfill":
            request.qty = "1"
            gone = Decimal(1)
            self.held += [(identifier, sku, qty - 1)] if qty > 1 else []
        began = time.monotonic()
        await self.service.ask(ReservationServiceStub, f"{method}Reservation", request)
        self._note(sku, f"{method} {gone} of {qty}", began, anything, on_hand=-gone, reserved=-(gone or qty))

    async def transfer(self) -> None:
        """Moves units from one location to the other."""
        sku, qty = self.picks.choice(SKUS), Decimal(self.picks.randint(1, 2))
        origin, goal = self.picks.sample([MAIN, SPARE], 2)
        units = [transfers_pb2.TransferUnits(sku=sku, qty=str(qty))]
        request = transfers_pb2.TransferStockRequest(**{"from": origin}, to=goal, lines=units)
        began = time.monotonic()
        try:
            await self.service.ask(TransferServiceStub, "TransferStock", request)
        except Refused as refusal:
            [line] = refusal.context["lines"]
            fits = short(qty, Decimal(line["available"]))
            self._note(sku, f"no transfer of {qty}: {line['available']}", began, fits, place=origin)
            return
        self._note(sku, f"send {qty}", began, enough(qty), place=origin, on_hand=-qty)
        self._note(sku, f"arrive {qty}", began, anything, place=goal, on_hand=qty)

    async def receive(self) -> None:
        sku, qty = self.picks.choice(SKUS), Decimal(self.picks.randint(1, 5))
        line = stock_pb2.ReceiveLine(sku=sku, qty=str(qty))
        began = time.monotonic()
        request = stock_pb2.ReceiveStockRequest(location=MAIN, lines=[line])
        [level] = (await self.service.ask(StockServiceStub, "ReceiveStock", request)).items
        fits = exactly(Decimal(level.on_hand) - qty, Decimal(level.reserved))
        self._note(sku, f"receive {qty}, then {level.on_hand}", began, fits, on_hand=qty)

    async def adjust(self) -> None:
        sku, delta = self.picks.choice(SKUS), Decimal(self.picks.choice([-2, -1, 1]))
        request = stock_pb2.AdjustStockRequest(location=MAIN, sku=sku, qty_delta=str(delta), reason="count")
        began = time.monotonic()
        try:
            level = (await self.service.ask(StockServiceStub, "AdjustStock", request)).level
        except Refused as refusal:
            on_hand, reserved = (Decimal(refusal.context[name]) for name in ("on_hand", "reserved"))
            self._note(sku, f"no adjustment at {on_hand}, {reserved}", began, exactly(on_hand, reserved))
            return
        fits = exactly(Decimal(level.on_hand) - delta, Decimal(level.reserved))
        self._note(sku, f"adjust by {delta}, then {level.on_hand}", began, fits, on_hand=delta)

    async def read(self) -> None:
        sku, place = self.picks.choice(SKUS), self.picks.choice([MAIN, SPARE])
        began = time.monotonic()
        request = stock_pb2.GetAvailabilityRequest(sku=[sku], location=place)
        [level] = (await self.service.ask(StockServiceStub, "GetAvailability", request)).items
        fits = exactly(Decimal(level.on_hand), Decimal(level.reserved))
        self._note(sku, f"read {level.on_hand}, {level.reserved}", began, fits, place=place)

    def _note(
        self, sku: str, words: str, began: float, fits: Callable[[Level], bool], place: str = MAIN, **change: Decimal
    ) -> None:
        self.history.add(sku, place, Step(f"{self.name}: {words}", began, time.monotonic(), fits, **change))


@dataclass
class Scene:
    """Buyers, and the processes that they go to."""

    service: Service
    history: History
    over: bool = False

    async def buyers(self) -> None:
        """Lets all of them live until it is over."""
        picks = random.Random(SEED)
        lives = [Buyer(f"B{n}", self.service, self.history, random.Random(picks.random())) for n in range(CLIENTS)]
        await asyncio.gather(*(each.live(lambda: self.over) for each in lives))

    async def more(self, count: int) -> None:
        """Returns when so many more operations were answered."""
        goal = self.history.count + count

        async def reached() -> bool:
            return self.history.count >= goal

        await eventually(reached, 60)


@pytest.fixture
def prefix(stream_prefix: str) -> str:
    """The streams of the processes."""
    return stream_prefix


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A PostgreSQL that the test may crash, so that what it has acknowledged must be on the disk."""
    tmp_path.chmod(0o755)
    with Postgres(tmp_path / "pg") as found:
        yield found


@pytest.fixture
async def scene(shop: Any, bearer: str) -> AsyncIterator[Callable[..., Awaitable[Scene]]]:
    """Opens the scene in front of processes, once they are ready."""
    async with AsyncExitStack() as stack:

        async def make(*processes: Any) -> Scene:
            for sku in SKUS:
                await shop.stock(**{sku: str(START[MAIN].on_hand)})
            channels = [await stack.enter_async_context(client.channel(each.address)) for each in processes]
            await asyncio.wait_for(asyncio.gather(*(each.channel_ready() for each in channels)), 60)
            print(f"COMANDA_TEST_SEED={SEED}")
            return Scene(Service(bearer, channels, random.Random(SEED)), History())

        yield make


class TestFaults:
    """On servers of the test's own."""

    @pytest.fixture
    def url(self, postgres: Postgres) -> str:
        """A database on the server that may crash."""
        apart(lambda: migrations.upgrade(inventory, postgres.url))
        return postgres.url

    async def test_every_answer_is_explained_although_processes_and_postgres_die(
        self, postgres: Postgres, shop: Any, connect: Any, start: Any, scene: Any
    ) -> None:
        first, second = await start(), await start()
        played = await scene(first, second)
        living = asyncio.create_task(played.buyers())
        await played.more(150)
        first.kill()
        await start(first.address)
        await played.more(150)
        await asyncio.to_thread(postgres.restart, "immediate")
        await played.more(150)
        second.kill()
        await played.more(100)
        played.over = True
        await living
        played.history.check()
        await replace(shop, database=await connect()).check()


async def test_a_check_without_a_lock_is_found_out(shop: Any, start: Any, scene: Any) -> None:
    for row in await shop.rows(CHECKS):
        await shop.rows(f"alter table stock drop constraint {row['conname']}")
    program = ("-c", PLANTED, "serve")
    played = await scene(await start(program=program), await start(program=program))
    living = asyncio.create_task(played.buyers())
    await played.more(400)
    played.over = True

    async def explained() -> None:
        await living
        played.history.check()

    # Refusing to hand over what was held shows it as well as a history that nothing explains.
    with pytest.raises((Unexplained, Refused)):
        await explained()
