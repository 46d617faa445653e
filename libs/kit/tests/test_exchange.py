"""Credentials are exchanged once in a while, not once a call."""

import asyncio
from collections import Counter

import pytest

from kit.errors import Unauthenticated
from kit.exchange import Exchanged


class Issuer:
    """Counts what it is asked and answers when it may."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.begun, self.answers = asyncio.Event(), asyncio.Event()
        self.answers.set()

    async def __call__(self, credential: str) -> str:
        self.asked[credential] += 1
        self.begun.set()
        await self.answers.wait()
        if credential == "bad":
            raise Unauthenticated("unauthenticated", reason="bad")
        return f"token {self.asked[credential]} of {credential}"


async def test_a_token_serves_for_many_calls() -> None:
    issuer = Issuer()
    exchange = Exchanged(issuer)
    assert [await exchange("a"), await exchange("b"), await exchange("a")] == [
        "token 1 of a",
        "token 1 of b",
        "token 1 of a",
    ]


async def test_a_token_is_forgotten_after_its_seconds() -> None:
    exchange = Exchanged(Issuer(), seconds=-1)
    assert [await exchange("a"), await exchange("a")] == ["token 1 of a", "token 2 of a"]


async def test_callers_that_come_at_once_share_one_exchange() -> None:
    issuer = Issuer()
    exchange = Exchanged(issuer)
    assert set(await asyncio.gather(*(exchange("a") for _ in range(20)))) == {"token 1 of a"}
    assert issuer.asked["a"] == 1


async def test_a_refusal_is_not_remembered() -> None:
    issuer = Issuer()
    exchange = Exchanged(issuer)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await exchange("bad")
    assert issuer.asked["bad"] == 2


async def test_a_caller_that_goes_away_leaves_the_exchange_to_the_others() -> None:
    issuer = Issuer()
    issuer.answers.clear()
    exchange = Exchanged(issuer)
    first, second = (asyncio.ensure_future(exchange("a")) for _ in range(2))
    await issuer.begun.wait()
    first.cancel()
    issuer.answers.set()
    assert await second == "token 1 of a"
