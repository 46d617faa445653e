"""Whatever happens in whatever order: the counters are the sums of movements and reservations."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.domain.reservation import Owner
from inventory.domain.reserve import Basket, Wish
from inventory.domain.stock import Key
from inventory.operations import reservations
from inventory.operations.reserve import reserve
from inventory.operations.stock import adjust
from kit.errors import DomainError

SKUS = st.sampled_from(["coffee", "milk"])
UNITS = st.integers(1, 4000).map(lambda thousandths: str(Decimal(thousandths) / 1000))
NAMES = st.sampled_from(["1", "2", "3"])
LINES = st.dictionaries(SKUS, UNITS, max_size=2)
STEP = st.one_of(
    st.tuples(st.just("stock"), st.sampled_from(["main", "spare"]), SKUS, UNITS),
    st.tuples(st.just("hold"), NAMES, st.integers(1, 3), LINES),
    st.tuples(st.just("commit"), NAMES),
    st.tuples(st.just("release"), st.sampled_from(["", "1", "2"]), st.sampled_from(["", "1", "2"])),
    st.tuples(st.just("reserve"), NAMES, SKUS, UNITS),
    st.tuples(st.just("finish"), st.sampled_from(["commit", "release"])),
    st.tuples(st.just("adjust"), SKUS, st.integers(-3000, 3000)),
    st.tuples(st.just("age")),
    st.tuples(st.just("sweep")),
)


class Player:
    """Takes steps in a shop."""

    def __init__(self, shop: Any) -> None:
        self.shop = shop

    async def stock(self, location: str, sku: str, qty: str) -> None:
        await self.shop.stock(location=location, **{sku: qty})

    async def hold(self, session: str, rev: int, lines: dict[str, str]) -> None:
        await self.shop.settle(self.shop.holding(session, rev, **lines))

    async def commit(self, name: str) -> None:
        await self.shop.commit(name, name)

    async def release(self, order: str, session: str) -> None:
        await self.shop.release(order, session)

    async def reserve(self, owner: str, sku: str, qty: str) -> None:
        who = Owner(self.shop.business, "order", "", owner)
        basket = Basket(who, [Wish(sku, "", Decimal(qty))], timedelta(1), partial=True)
        await self.shop.run(lambda tx: reserve(tx, [basket]))

    async def finish(self, how: str) -> None:
        for row in await self.shop.rows("select id from reservations where owner_type = 'order' limit 1"):
            await self.shop.run(lambda tx, found=row["id"]: getattr(reservations, how)(tx, found))

    async def adjust(self, sku: str, thousandths: int) -> None:
        key = Key(self.shop.business, sku, "main")
        await self.shop.run(lambda tx: adjust(tx, key, Decimal(thousandths) / 1000, None, "count"))

    async def age(self) -> None:
        await self.shop.pass_time()

    async def sweep(self) -> None:
        await self.shop.sweep()


@pytest.fixture
def play(url: str, new_shop: Any) -> Any:
    """Plays steps in a business of their own."""

    async def run(steps: list[tuple[Any, ...]]) -> None:
        async with new_shop(url) as shop:
            player = Player(shop)
            for name, *arguments in steps:
                with suppress(DomainError):  # a refusal is an answer; what matters is what it leaves behind
                    await getattr(player, name)(*arguments)
                await shop.check()

    return run


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=5, max_size=25))
def test_the_counters_are_the_sums_after_any_sequence(play: Any, steps: list[tuple[Any, ...]]) -> None:
    asyncio.run(play(steps))
