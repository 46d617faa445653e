"""Wake-ups between the processes of a service: never needed for correctness, always for speed."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable

from nats.aio.client import Client
from nats.aio.msg import Msg

MOST_FORESEEN = 10_000
"""How many keys are remembered; the oldest are forgotten, and looked for again by whoever waits."""


class Signals:
    """Tells whoever waits for a key, here and in the service's other processes, that something happened."""

    def __init__(self, client: Client, subject: str) -> None:
        self._client = client
        self._subject = subject
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._called: dict[str, Callable[[], None]] = {}
        self._foreseen: dict[str, None] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Begins to hear the other processes."""

        async def heard(message: Msg) -> None:
            self._here(message.data.decode().split("\n"))

        await self._client.subscribe(self._subject, cb=heard)

    def on(self, key: str, call: Callable[[], None]) -> None:
        """Calls a function whenever the key is signalled."""
        self._called[key] = call

    def wake(self, key: str, only_here: bool) -> None:
        """Signals a key; only in this process where that is known to be enough."""
        if only_here:
            self._here([key])
        else:
            self.tell([key])

    def tell(self, keys: Iterable[str]) -> None:
        """Signals keys in this process at once and in the others shortly."""
        told = list(keys)
        self._here(told)
        if self._client.is_connected:
            task = asyncio.ensure_future(self._client.publish(self._subject, "\n".join(told).encode()))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    def foresee(self, key: str) -> None:
        """Notes that a key will be signalled, so that whoever waits for it need not look first."""
        self._foreseen[key] = None
        if len(self._foreseen) > MOST_FORESEEN:
            del self._foreseen[next(iter(self._foreseen))]

    def foreseen(self, key: str) -> bool:
        """Tells whether a key is still to be signalled, as far as this process knows."""
        return key in self._foreseen

    def expect(self, key: str) -> "Expectation":
        """Begins to listen for a key; use it as a context manager around looking and waiting."""
        return Expectation(self._waiting, key)

    def _here(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._foreseen.pop(key, None)
            for event in self._waiting.get(key, ()):
                event.set()
            if key in self._called:
                self._called[key]()


class Expectation:
    """Somebody who waits for a key."""

    def __init__(self, waiting: dict[str, set[asyncio.Event]], key: str) -> None:
        self._waiting, self._key = waiting, key
        self._event = asyncio.Event()

    def __enter__(self) -> "Expectation":
        self._waiting[self._key].add(self._event)
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting[self._key].discard(self._event)
        if not self._waiting[self._key]:
            del self._waiting[self._key]

    async def wait(self, seconds: float) -> bool:
        """Returns when the key was signalled since the last call, or after that many seconds; tells whether it was."""
        try:
            # Not wait_for: before Python 3.12 it loses a cancellation that comes just when the event does.
            async with asyncio.timeout(max(0.0, seconds)):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True
