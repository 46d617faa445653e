"""stock.restock: what a customer sends back lies on its shelf again, each return once."""

import asyncio
from typing import Any

from comanda.inventory.directives.v1.directives_pb2 import RestockItem, RestockStock
from comanda.types.v1.messaging_pb2 import OUTCOME_DONE, OUTCOME_FAILED


def asked(order: str, number: str, **items: str) -> RestockStock:
    """The directive."""
    return RestockStock(
        order_ref=order, return_number=number, items=[RestockItem(sku=sku, qty=qty) for sku, qty in items.items()]
    )


async def test_units_come_back_to_the_shelves_that_they_left(shop: Any) -> None:
    await shop.stock(coffee="10", milk="5")
    await shop.order("O1", coffee="3", milk="2")
    [settled] = await shop.settle(asked("O1", "RET-1", coffee="2", milk="0.5"))
    assert settled.outcome == OUTCOME_DONE
    assert (await shop.level("coffee"), await shop.level("milk")) == ((9, 0), (3.5, 0))
    assert [(kind, float(qty)) for kind, qty in await shop.moved("RET-1")] == [("return", 2), ("return", 0.5)]
    await shop.check()


async def test_a_return_that_is_asked_for_again_puts_nothing_more_back(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.order("O1", coffee="3")
    message = asked("O1", "RET-1", coffee="1")
    await asyncio.gather(*(shop.settle(shop.arrived(message, attempt)) for attempt in range(1, 5)))
    together = await shop.settle(shop.arrived(message, 5), shop.arrived(message, 6))
    assert [each.outcome for each in together] == [OUTCOME_DONE] * 2
    assert await shop.level("coffee") == (8, 0)


async def test_returns_at_once_never_bring_back_more_than_the_order_has_taken(shop: Any) -> None:
    await shop.stock(coffee="10")
    await shop.order("O1", coffee="3")
    settled = await asyncio.gather(*(shop.settle(asked("O1", f"RET-{n}", coffee="2")) for n in range(6)))
    outcomes = sorted(each.outcome for [each] in settled)
    assert outcomes == [OUTCOME_DONE] + [OUTCOME_FAILED] * 5
    assert {each.error_code for [each] in settled if each.outcome == OUTCOME_FAILED} == {"never_taken"}
    assert await shop.level("coffee") == (9, 0)
    # What failed left no mark: the part that is left can still come back.
    await shop.settle(asked("O1", "RET-1" if settled[1][0].outcome == OUTCOME_FAILED else "RET-2", coffee="1"))
    assert await shop.level("coffee") == (10, 0)
    await shop.check()


async def test_an_order_that_took_nothing_gives_nothing_back(shop: Any) -> None:
    await shop.stock(coffee="10")
    [settled] = await shop.settle(asked("O9", "RET-1", coffee="1"))
    assert (settled.outcome, settled.error_code) == (OUTCOME_FAILED, "never_taken")
    [bad] = await shop.settle(asked("O9", "RET-2", coffee="-1"))
    assert (bad.outcome, bad.error_code) == (OUTCOME_FAILED, "invalid_qty")
    assert await shop.level("coffee") == (10, 0)
