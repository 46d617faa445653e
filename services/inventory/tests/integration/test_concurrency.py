"""Many at once: nothing is oversold, nothing deadlocks, and an old hold is in nobody's way."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from inventory.domain.reservation import Owner
from inventory.domain.reserve import Basket, Wish
from inventory.operations.expiry import end_expired
from inventory.operations.reserve import reserve
from kit.errors import DomainError, Refused

HOUR = timedelta(hours=1)


async def bought(shop: Any, owner: str, *skus: str) -> bool:
    """Reserves one of each SKU as the RPC does; False when there is too little."""
    wishes = [Wish(sku, "", Decimal(1)) for sku in skus]
    basket = Basket(Owner(shop.business, "cart", "", owner), wishes, HOUR, partial=False)
    [made] = await shop.run(lambda tx: reserve(tx, [basket]))
    return not isinstance(made, Refused)


async def test_a_thousand_buyers_on_four_pools_get_exactly_the_hundred_units(shop: Any, connect: Any) -> None:
    await shop.stock(coffee="60")
    await shop.stock(location="spare", coffee="40")
    shops = [replace(shop, database=await connect()) for _ in range(4)]
    got = await asyncio.gather(*(bought(shops[n % 4], f"C{n}", "coffee") for n in range(1000)))
    assert sum(got) == 100
    assert await shop.level("coffee") == (60, 60)
    assert await shop.level("coffee", "spare") == (40, 40)
    await shop.check()


async def test_a_batch_of_several_businesses_gives_each_basket_its_own_answer(shop: Any) -> None:
    neighbour = await shop.neighbour()
    await shop.stock(step="1", coffee="3", milk="9")
    await neighbour.stock(coffee="1")

    def basket(where: Any, *lines: tuple[str, str, str], partial: bool = False) -> Basket:
        wishes = [Wish(sku, location, Decimal(qty)) for sku, location, qty in lines]
        return Basket(Owner(where.business, "cart", "", "C"), wishes, HOUR, partial)

    baskets = [
        basket(shop, ("coffee", "", "2")),
        basket(shop, ("ghost", "", "1")),
        basket(shop, ("milk", "", "5"), ("coffee", "", "2")),
        basket(neighbour, ("coffee", "main", "1")),
        basket(neighbour, ("milk", "", "1")),
        basket(shop, ("coffee", "", "1.5")),
        basket(shop, ("milk", "nowhere", "1")),
        basket(shop, ("coffee", "", "4"), ("milk", "", "4"), partial=True),
    ]
    made = await shop.run(lambda tx: reserve(tx, baskets))
    codes = [each.code if isinstance(each, DomainError) else [(r.sku, int(r.qty)) for r in each] for each in made]
    assert codes == [
        [("coffee", 2)],
        "unknown_sku",
        "insufficient_stock",
        [("coffee", 1)],
        "unknown_sku",
        "off_step",
        "unknown_location",
        [("coffee", 1), ("milk", 4)],
    ]
    assert made[2].context["lines"][0]["available"] == "1.000"
    assert await shop.level("coffee") == (3, 3)
    assert await shop.level("milk") == (9, 4)
    assert await neighbour.level("coffee") == (1, 1)
    await shop.check()


async def test_overlapping_reservations_of_three_lines_never_deadlock(shop: Any, connect: Any) -> None:
    skus = [f"sku{n}" for n in range(6)]
    await shop.stock(**dict.fromkeys(skus, "40"))
    shops = [replace(shop, database=await connect()) for _ in range(3)]
    picks = random.Random(1)  # the same mixture in every run
    wanted = [picks.sample(skus, 3) for _ in range(200)]
    await asyncio.gather(*(bought(shops[n % 3], f"C{n}", *some) for n, some in enumerate(wanted)))
    await asyncio.gather(*(each.database.pool.close() for each in shops))
    [row] = await shop.rows("select deadlocks from pg_stat_database where datname = current_database()")
    assert row["deadlocks"] == 0
    await shop.check()


async def test_holds_commits_releases_and_reservations_at_once_never_deadlock(shop: Any, connect: Any) -> None:
    skus = [f"sku{n}" for n in range(5)]
    await shop.stock(**dict.fromkeys(skus, "500"))
    shops = [replace(shop, database=await connect()) for _ in range(3)]

    async def live(n: int) -> None:
        here, picks = shops[n % 3], random.Random(n)
        for rev in (1, 2, 3):
            await here.settle(
                *(here.holding(f"S{n}-{i}", rev, **dict.fromkeys(picks.sample(skus, 3), "1")) for i in range(4))
            )
        asked = [here.committing(f"O{n}-{i}", f"S{n}-{i}") for i in range(4)]
        await asyncio.gather(here.settle(*asked), bought(here, f"C{n}", *picks.sample(skus, 2)))
        await here.release(f"O{n}-0", f"S{n}-0")

    await asyncio.gather(*(live(n) for n in range(24)))
    await asyncio.gather(*(each.database.pool.close() for each in shops))
    [row] = await shop.rows("select deadlocks from pg_stat_database where datname = current_database()")
    assert row["deadlocks"] == 0
    [row] = await shop.rows("select sum(qty_delta) as gone from movements where type in ('commit', 'return')")
    assert row["gone"] == -24 * 3 * 3
    await shop.check()


async def test_reserving_and_sweeping_at_once_agree(shop: Any, connect: Any) -> None:
    await shop.stock(coffee="50")
    sweeper = await connect()
    for lap in range(4):
        assert sum(await asyncio.gather(*(bought(shop, f"A{lap}-{n}", "coffee") for n in range(60)))) == 50
        await shop.pass_time()
        sweeps = [sweeper.run(lambda tx, _: end_expired(tx)) for _ in range(4)]
        buys = [bought(shop, f"B{lap}-{n}", "coffee") for n in range(60)]
        results = await asyncio.gather(*buys, *sweeps)
        assert sum(results[:60]) == 50
        await shop.pass_time()
        await shop.sweep()
    assert await shop.level("coffee") == (50, 0)
    await shop.check()


async def test_a_sweep_passes_over_a_shelf_that_is_in_use(shop: Any) -> None:
    await shop.stock(coffee="5", milk="5")
    await shop.hold("S1", coffee="1", milk="1")
    await shop.pass_time()
    async with shop.database.pool.acquire() as connection, connection.transaction():
        await connection.execute("select 1 from stock where sku = 'coffee' for update")
        assert not await shop.sweep()
        assert await shop.level("milk") == (5, 0)
    await shop.sweep()
    assert await shop.level("coffee") == (5, 0)
    assert await shop.statuses("S1") == ["expired", "expired"]


async def test_a_sweep_says_that_there_is_more(shop: Any) -> None:
    await shop.stock(coffee="600")
    await shop.settle(*(shop.holding(f"S{n}", coffee="1") for n in range(600)))
    await shop.pass_time()
    await shop.stock(milk="600")
    await shop.settle(*(shop.holding(f"T{n}", milk="1") for n in range(600)))
    await shop.pass_time()
    assert await shop.sweep()
    while await shop.sweep():
        pass
    assert await shop.level("coffee") == await shop.level("milk") == (600, 0)
