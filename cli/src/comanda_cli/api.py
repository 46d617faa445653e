"""A client of Comanda's REST API: an API key, keys against doing a thing twice, and patience while something restarts."""

import asyncio
import hashlib
import json
import time
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home

JSON = dict[str, Any]
Params = Sequence[tuple[str, str]]

REQUEST_SECONDS = 60.0
# How long one request is tried again while Comanda, or something that it needs, is away.
PATIENCE_SECONDS = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
AWAY = frozenset({429, 502, 503, 504})
DENIED = frozenset({401, 403})
# An error that nobody planned may pass, or may not: it is tried again a few times only.
UNPLANNED = 500
UNPLANNED_ATTEMPTS = 4


class Refusal(Exception):
    """Comanda has refused a request; the code is for programs."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code") or f"http_{status}")
        self.message = str(problem.get("message") or problem.get("detail") or problem.get("title") or "")
        self.context: Mapping[str, Any] = problem.get("context") or {}
        super().__init__(f"{self.code}: {self.message}")


class Unreachable(FleetError):
    """Comanda has not answered for too long, or does not take the key."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; body is a JSON object."""

    status: int
    body: JSON
    retry_after: float | None = None


def key_for(*parts: object) -> str:
    """Returns the idempotency key of a piece of work: the same parts (JSON values), the same key."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


async def together(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Does all at the same time; when one fails, ends the others and raises what it raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed


class Api:
    """Calls Comanda with at most `connections` requests at a time; an async context manager."""

    def __init__(self, base_url: str, api_key: str, connections: int = 16, patience: float = PATIENCE_SECONDS) -> None:
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {api_key}", "Accept-Language": "en"}
        self._connections = connections
        self._patience = patience

    @classmethod
    def of(cls, home: Home, connections: int = 16, api_key: str | None = None) -> Self:
        """Returns the client of a home's gateway, with its own key unless one is given.

        Raises FleetError before the first start.
        """
        credentials = home.credentials()
        return cls(credentials["base_url"], api_key or credentials["api_key"], connections)

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=self._connections)
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        self._session = aiohttp.ClientSession(
            self._base_url, headers=self._headers, connector=connector, timeout=timeout, auto_decompress=False
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str, params: Params = ()) -> JSON:
        """Returns what a GET answers; raises Refusal or Unreachable."""
        return await self._patiently("GET", path, params=params)

    async def post(self, path: str, body: Mapping[str, Any], key: str) -> JSON:
        """Returns what a POST answers; a repetition with the same key has no second effect. Raises Refusal or Unreachable."""
        return await self._patiently("POST", path, body=json.dumps(body).encode(), key=key)

    async def put(self, path: str, body: Mapping[str, Any], key: str) -> JSON:
        """Returns what a PUT answers; a repetition with the same key has no second effect. Raises Refusal or Unreachable."""
        return await self._patiently("PUT", path, body=json.dumps(body).encode(), key=key)

    async def delete(self, path: str, key: str) -> JSON:
        """Returns what a DELETE answers; safe to repeat with the same key. Raises Refusal or Unreachable."""
        return await self._patiently("DELETE", path, body=b"", key=key)

    async def pages(self, path: str, params: Params = ()) -> list[JSON]:
        """Returns the items of all pages of a list; raises Refusal or Unreachable."""
        found: list[JSON] = []
        token = ""
        while True:
            page = await self.get(path, [*params, ("page_size", "100"), *([("page_token", token)] if token else [])])
            found += page["items"]
            if not (token := page.get("next_page_token", "")):
                return found

    async def _patiently(
        self, method: str, path: str, *, params: Params = (), body: bytes | None = None, key: str = ""
    ) -> JSON:
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"} if body is not None else {}
        deadline, pause, unplanned = time.monotonic() + self._patience, FIRST_PAUSE, 0
        while True:
            answer = await self._once(method, path, params=params, data=body, headers=headers)
            if answer.status < 300:
                return answer.body
            unplanned += answer.status == UNPLANNED
            if not _may_pass(answer, unplanned):
                raise self._refusal(answer)
            wait = pause if answer.retry_after is None else answer.retry_after
            if time.monotonic() + wait > deadline:
                raise Unreachable(f"{self._base_url} does not answer well: {Refusal(answer.status, answer.body)}")
            await asyncio.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _once(self, method: str, path: str, **request: Any) -> Answer:
        """Returns the answer; a connection that breaks is one like any other that may pass."""
        try:
            async with self._session.request(method, path, **request) as response:
                raw = await response.read()
                return Answer(response.status, _object(raw), _seconds(response.headers.get("Retry-After")))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answer(503, {"code": "unreachable", "message": str(error) or type(error).__name__})

    def _refusal(self, answer: Answer) -> Exception:
        refusal = Refusal(answer.status, answer.body)
        return Unreachable(f"{self._base_url} denies access: {refusal}") if answer.status in DENIED else refusal


def _may_pass(answer: Answer, unplanned: int) -> bool:
    if answer.status == UNPLANNED:
        return unplanned < UNPLANNED_ATTEMPTS
    return answer.status in AWAY or answer.body.get("code") == "in_progress"


def _object(raw: bytes) -> JSON:
    try:
        value = json.loads(raw)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _seconds(text: str | None) -> float | None:
    """Reads a Retry-After header in seconds; the form with a date is left to the usual pauses."""
    try:
        return max(0.0, float(text)) if text is not None else None
    except ValueError:
        return None
