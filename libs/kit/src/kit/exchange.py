"""Remembers for a few seconds which identity token a credential was exchanged for."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Any

from google.protobuf.message import Message

from kit import client
from kit.identity import CACHED, Exchange

SECONDS = 5.0
"""How long a revoked key may still open doors elsewhere."""


class Exchanged:
    """An exchange in front of another one: calls that show the same credential at the same time share one exchange."""

    def __init__(self, exchange: Exchange, seconds: float = SECONDS) -> None:
        self._exchange = exchange
        self._seconds = seconds
        self._known: OrderedDict[bytes, tuple[float, asyncio.Future[str]]] = OrderedDict()

    @classmethod
    def by(cls, method: Any, request: Callable[..., Message]) -> "Exchanged":
        """Exchanges by an RPC that takes a `credential` and answers with an `identity_token`."""

        async def exchange(credential: str) -> str:
            return str((await client.call(method, request(credential=credential))).identity_token)

        return cls(exchange)

    async def __call__(self, credential: str) -> str:
        """Returns an identity token for the credential; raises what the exchange behind raises, which is not remembered."""
        key = hashlib.sha256(credential.encode()).digest()
        until, token = self._known.get(key, (0.0, None))
        if token is None or until < monotonic():
            token = self._begin(key, credential)
        # One caller that goes away must not end what others wait for.
        return token.result() if token.done() else await asyncio.shield(token)

    def _begin(self, key: bytes, credential: str) -> "asyncio.Future[str]":
        token = asyncio.ensure_future(self._exchange(credential))
        self._known.pop(key, None)
        self._known[key] = (monotonic() + self._seconds, token)
        token.add_done_callback(lambda done: self._forget_failure(key, done))
        while len(self._known) > CACHED:
            self._known.popitem(last=False)
        return token

    def _forget_failure(self, key: bytes, done: "asyncio.Future[str]") -> None:
        if (done.cancelled() or done.exception()) and self._known.get(key, (0.0, None))[1] is done:
            del self._known[key]
