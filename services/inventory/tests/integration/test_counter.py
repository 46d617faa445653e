"""Sales at the counter: their units leave at once, once, and come back, once."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from inventory.domain.reservation import CART, Owner
from inventory.domain.reserve import Basket, Wish
from inventory.operations import counter
from inventory.operations.replace import replace
from kit.errors import Refused


async def sell(shop: Any, ref: str = "sale/1", cart: str = "S-1", **units: str) -> None:
    wishes = [Wish(sku, "main", Decimal(qty)) for sku, qty in units.items()]
    await shop.run(lambda tx: counter.sell(tx, cart, ref, wishes))


async def bring_back(shop: Any, ref: str = "sale/1") -> None:
    await shop.run(lambda tx: counter.bring_back(tx, ref, "test"))


async def hold(shop: Any, cart: str = "S-1", **units: str) -> None:
    await shop.run(lambda tx: replace(tx, basket(tx, cart, **units), ()))


def basket(tx: Any, cart: str, **units: str) -> Any:
    wishes = [Wish(sku, "main", Decimal(qty)) for sku, qty in units.items()]
    return Basket(Owner(tx.business, CART, "", cart), wishes, timedelta(minutes=30), partial=False)


async def test_what_a_cart_holds_leaves_and_its_reservation_is_committed(shop: Any) -> None:
    await shop.stock(cafe="10", leite="5")
    await hold(shop, cafe="2", leite="1.5")
    await sell(shop, cafe="2", leite="1.5")
    assert await shop.level("cafe") == (8, 0)
    assert await shop.level("leite") == (Decimal("3.5"), 0)
    assert await shop.statuses("S-1") == ["committed", "committed"]
    assert await shop.moved("sale/1") == [("commit", -2), ("commit", Decimal("-1.5"))]
    await shop.check()


@pytest.mark.parametrize(("held", "sold"), [("2", "3"), ("3", "2"), ("0", "2")])
async def test_a_sale_takes_exactly_its_units_whatever_its_cart_holds(shop: Any, held: str, sold: str) -> None:
    await shop.stock(cafe="10")
    if held != "0":
        await hold(shop, cafe=held)
    await sell(shop, cafe=sold)
    assert await shop.level("cafe") == (10 - Decimal(sold), 0)
    await shop.check()


async def test_a_cart_whose_time_is_up_is_sold_from_what_is_free(shop: Any) -> None:
    await shop.stock(cafe="3")
    await hold(shop, cafe="2")
    await shop.pass_time()
    await shop.sweep()
    await hold(shop, "S-2", cafe="1")
    await sell(shop, cafe="2")
    assert await shop.level("cafe") == (1, 1)
    await shop.check()


async def test_a_sale_that_cannot_have_all_takes_nothing_and_leaves_the_cart_as_it_is(shop: Any) -> None:
    await shop.stock(cafe="3", leite="5")
    await hold(shop, cafe="1", leite="1")
    await hold(shop, "S-2", cafe="2")
    with pytest.raises(Refused) as refused:
        await sell(shop, cafe="2", leite="1")
    [line] = refused.value.context["lines"]
    assert (refused.value.code, line["sku"], line["requested"], line["available"]) == (
        "insufficient_stock", "cafe", "2.000", "1.000",
    )  # fmt: skip
    assert (await shop.level("cafe"), await shop.level("leite")) == ((3, 3), (5, 1))
    await sell(shop, cafe="1", leite="1")
    await shop.check()


async def test_units_that_are_only_promised_cannot_be_carried_out(shop: Any) -> None:
    await shop.stock(cafe="1")
    await shop.rows("update stock set backorder_limit = 5")
    with pytest.raises(Refused) as refused:
        await sell(shop, cafe="2")
    assert refused.value.code == "insufficient_stock"


async def test_a_sale_that_is_repeated_leaves_once(shop: Any) -> None:
    await shop.stock(cafe="10")
    await asyncio.gather(*(sell(shop, cafe="2") for _ in range(6)))
    assert await shop.level("cafe") == (8, 0)


async def test_a_sale_comes_back_once_and_never_leaves_again(shop: Any) -> None:
    await shop.stock(cafe="10")
    await sell(shop, cafe="2")
    await asyncio.gather(*(bring_back(shop) for _ in range(4)))
    assert await shop.level("cafe") == (10, 0)
    for ref in ("sale/1", "sale/2"):
        await bring_back(shop, ref)
        with pytest.raises(Refused) as refused:
            await sell(shop, ref, cafe="2")
        assert refused.value.code == "sale_returned"
    assert await shop.level("cafe") == (10, 0)
    await shop.check()


async def test_carts_at_once_never_sell_more_than_there_is(shop: Any) -> None:
    await shop.stock(cafe="20", leite="20")

    async def buy(number: int) -> bool:
        units = {"cafe": "1", "leite": "1"} if number % 2 else {"leite": "1", "cafe": "1"}
        try:
            await sell(shop, f"sale/{number}", f"S-{number}", **units)
        except Refused:
            return False
        return True

    assert sum(await asyncio.gather(*(buy(number) for number in range(40)))) == 20
    assert await shop.level("cafe") == (0, 0)
    await shop.check()
