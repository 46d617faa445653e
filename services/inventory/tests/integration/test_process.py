"""The service as processes: directives over NATS, shared by two, one of which is killed."""

from typing import Any
from uuid import uuid4

import pytest
from nats.aio.client import Client
from nats.js.api import ConsumerConfig, DeliverPolicy

from comanda.inventory.directives.v1.directives_pb2 import HoldStockResult
from comanda.types.v1.messaging_pb2 import OUTCOME_DONE, DirectiveSettled, Envelope
from kit import streams
from kit.testing import eventually


@pytest.fixture
def prefix(stream_prefix: str) -> str:
    """The streams of the processes."""
    return stream_prefix


class Asker:
    """Sends directives as the orders service does, and collects how they end."""

    def __init__(self, nats: Client, prefix: str, shop: Any) -> None:
        self.jetstream, self.prefix, self.shop = nats.jetstream(), prefix, shop
        self.settled: dict[str, list[DirectiveSettled]] = {}

    async def listen(self) -> None:
        """Collects from now on."""

        async def collect(message: Any) -> None:
            found = DirectiveSettled.FromString(Envelope.FromString(message.data).payload)
            self.settled.setdefault(found.directive_id, []).append(found)

        await self.jetstream.subscribe(
            f"{self.prefix}.events.{DirectiveSettled.DESCRIPTOR.full_name}.*",
            cb=collect,
            config=ConsumerConfig(deliver_policy=DeliverPolicy.ALL),
        )

    async def send(self, message: Any, times: int = 1) -> str:
        """Publishes one attempt of a directive, perhaps several times."""
        directive = str(uuid4())
        envelope = Envelope(
            id=f"{directive}.1",
            type=message.DESCRIPTOR.full_name,
            business_id=str(self.shop.business),
            aggregate="session/test",
            payload=message.SerializeToString(),
        )
        envelope.dispatch.directive_id, envelope.dispatch.attempt = directive, 1
        for _ in range(times):
            await self.jetstream.publish(streams.subject(self.prefix, envelope), envelope.SerializeToString())
        return directive

    def held(self) -> int:
        """How many holds were told to be good."""
        results = [HoldStockResult.FromString(each[0].result.value) for each in self.settled.values()]
        return sum(bool(result.holds) for result in results)


@pytest.fixture
async def asker(nats: Client, stream_prefix: str, shop: Any) -> Asker:
    """An asker that listens."""
    found = Asker(nats, stream_prefix, shop)
    await found.listen()
    return found


async def test_directives_come_and_go_over_nats_and_the_process_drains(shop: Any, start: Any, asker: Asker) -> None:
    await shop.stock(coffee="10")
    process = await start()
    hold = await asker.send(shop.holding("S1", coffee="4"), times=3)
    await eventually(lambda: _has(asker, hold))
    commit = await asker.send(shop.committing("O1", "S1"))
    await eventually(lambda: _has(asker, commit))
    assert [each.topic for each in asker.settled[hold]] == ["stock.hold"]
    assert asker.settled[commit][0].outcome == OUTCOME_DONE
    assert await shop.level("coffee") == (6, 0)
    assert await process.drain() == 0


async def _has(asker: Asker, directive: str) -> bool:
    return directive in asker.settled


async def test_a_process_that_is_killed_in_the_middle_loses_and_doubles_nothing(
    shop: Any, start: Any, asker: Asker
) -> None:
    await shop.stock(coffee="60", milk="1000")
    first, second = await start(), await start()
    for n in range(100):
        await asker.send(shop.holding(f"S{n}", coffee="1", milk="2"))
    await eventually(lambda: _some(asker, 20))
    first.kill()
    for n in range(100, 200):
        await asker.send(shop.holding(f"S{n}", coffee="1", milk="2"))
    await eventually(lambda: _some(asker, 200))
    assert {len(each) for each in asker.settled.values()} == {1}
    assert asker.held() == 60
    assert await shop.level("coffee") == (60, 60)
    assert await shop.level("milk") == (1000, 120)
    await shop.check()
    assert await second.drain() == 0


async def _some(asker: Asker, count: int) -> bool:
    return len(asker.settled) >= count
