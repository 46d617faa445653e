"""One POST function for all calls of Omie's API."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import httpx
import orjson
import structlog

from erp_bridge.domain import limits
from erp_bridge.omie import answers, metrics
from erp_bridge.omie.answers import Answer, Kind
from erp_bridge.omie.files import Packed
from erp_bridge.omie.gate import Entry, Gate, Reason
from erp_bridge.settings import OmieSettings
from kit.errors import Unavailable

LOG = structlog.get_logger()
CONNECT_SECONDS = 5.0
FILE_FACTOR = 4
PROLONG_SECONDS = 3.0
RETRIED = (Kind.REDUNDANT, Kind.BUSY, Kind.RATE, Kind.TRANSIENT, Kind.UNREACHABLE)
RETRIED_WRITES = (Kind.BUSY, Kind.RATE, Kind.UNREACHABLE)
"""What certainly did nothing. A refusal as redundant is none of these: the first time may have worked and its answer got lost."""
LATER = (*RETRIED, Kind.BLOCKED, Kind.HELD_BACK, Kind.UNKNOWN)

WHY_HELD_BACK = {
    Reason.OPEN: "Chamadas suspensas para não provocar um bloqueio da API da Omie.",
    Reason.RATE: "O limite de chamadas da API da Omie foi atingido.",
    Reason.ASKED: "A mesma consulta foi feita à Omie há menos de um minuto.",
}

Param = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a call is made."""

    writes: bool = False
    remember: bool = True
    packed: Packed | None = None
    most_errors: int = limits.ERRORS


class OmieError(Exception):
    """A call that did not do what it was made for."""

    def __init__(self, method: str, answer: Answer) -> None:
        super().__init__(f"{method}: {answer.kind} {answer.code} {answer.text}")
        self.method, self.kind, self.code = method, answer.kind, answer.code
        self.text, self.wait = answer.text, answer.wait

    @property
    def may_pass(self) -> bool:
        """Whether the same call may succeed later without anybody changing anything."""
        return self.kind in LATER


class Omie:
    """The API of one account. Calls of all processes that share its database keep Omie's limits together."""

    def __init__(self, settings: OmieSettings, gate: Gate) -> None:
        self._settings = settings
        self._gate = gate
        timeout = httpx.Timeout(settings.timeout_seconds, connect=CONNECT_SECONDS)
        self.http = httpx.AsyncClient(timeout=timeout, follow_redirects=False)
        self._file_timeout = httpx.Timeout(settings.timeout_seconds * FILE_FACTOR, connect=CONNECT_SECONDS)

    async def read(
        self, service: str, method: str, *variants: Param, remember: bool = True, most_errors: int = limits.ERRORS
    ) -> dict[str, Any]:
        """Asks something; of equivalent questions the first that was not asked within the last minute.

        When all were, the answer to the latest serves, where answers may be remembered. Who asks for what need not exist does
        so only while the method has fewer errors than `most_errors`. Raises OmieError.
        """
        _, body = await self.asked(service, method, *variants, remember=remember, most_errors=most_errors)
        return body

    async def asked(
        self, service: str, method: str, *variants: Param, remember: bool = True, most_errors: int = limits.ERRORS
    ) -> tuple[int, dict[str, Any]]:
        """Asks as `read` does, and returns besides the answer which question it answers."""
        return await self._persist(service, method, variants, Manner(remember=remember, most_errors=most_errors))

    async def write(self, service: str, method: str, param: Param, packed: Packed | None = None) -> dict[str, Any]:
        """Changes something, with a file where one belongs to it.

        Raises OmieError; of kind UNKNOWN or REDUNDANT it may have been done: ask before doing it again.
        """
        _, body = await self._persist(service, method, [param], Manner(writes=True, remember=False, packed=packed))
        return body

    async def has_room(self, method: str, most_errors: int) -> bool:
        """Tells whether a method has fewer recent errors than so many."""
        return await self._gate.has_room(method, most_errors)

    async def _persist(
        self, service: str, method: str, variants: Sequence[Param], manner: Manner
    ) -> tuple[int, dict[str, Any]]:
        questions = [_digest(service, each) for each in variants]
        retried = RETRIED_WRITES if manner.writes else RETRIED
        end = asyncio.get_running_loop().time() + self._settings.patience_seconds
        attempt = 0
        while True:
            entry = await self._gate.enter(method, questions, writes=manner.writes, most_errors=manner.most_errors)
            if entry.remembered is not None and manner.remember:
                return entry.variant, entry.remembered
            if entry.lease is None:
                await _pause(method, _held_back(entry), entry.wait, end)
                continue
            answer = await self._exchange(service, entry, variants[entry.variant], manner)
            if answer.kind is Kind.OK:
                return entry.variant, answer.body
            attempt += 1
            if answer.kind not in retried or attempt > self._settings.max_retries:
                raise OmieError(method, answer)
            # A question refused as redundant is asked in other words at once, where there are any left.
            wait = 0.0 if answer.kind is Kind.REDUNDANT else max(answer.wait, self._backoff(attempt))
            await _pause(method, answer, wait, end)

    def _backoff(self, attempt: int) -> float:
        jitter = random.uniform(0, self._settings.retry_jitter_ms / 1000)
        return float(self._settings.retry_backoff_seconds * 2 ** (attempt - 1) + jitter)

    async def _exchange(self, service: str, entry: Entry, param: Param, manner: Manner) -> Answer:
        answer = Answer(Kind.UNKNOWN if manner.writes else Kind.TRANSIENT, text="interrupted")
        try:
            async with self._prolonged(entry):
                answer = await self._post(service, entry.method, param, manner)
        finally:
            kept = answer.body if manner.remember and answer.kind is Kind.OK else None
            await self._gate.leave(entry, answer, kept)
            metrics.CALLS.labels(entry.method, answer.kind).inc()
        if answer.kind is not Kind.OK:
            LOG.info("omie refused", method=entry.method, kind=answer.kind, code=answer.code, text=answer.text)
        return answer

    async def _post(self, service: str, method: str, param: Param, manner: Manner) -> Answer:
        try:
            response = await self._send(f"{self._settings.api_base_url.rstrip('/')}/{service}/", method, param, manner)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Answer(Kind.UNREACHABLE, text=type(error).__name__)
        except httpx.TransportError as error:
            return Answer(Kind.UNKNOWN if manner.writes else Kind.TRANSIENT, text=type(error).__name__)
        answer = answers.read(response.status_code, response.headers, response.content)
        answer = replace(answer, wait=answer.wait / self._settings.clock_speed)
        if manner.writes and answer.kind is Kind.TRANSIENT:
            return replace(answer, kind=Kind.UNKNOWN)
        return answer

    async def _send(self, url: str, method: str, param: Param, manner: Manner) -> httpx.Response:
        if manner.packed is None:
            return await self.http.post(url, content=self._body(method, param), headers=_JSON)
        head, tail = self._around(method, param)
        headers = {**_JSON, "content-length": str(len(head) + manner.packed.text_length + len(tail))}
        content = manner.packed.between(head, tail)
        return await self.http.post(url, content=content, headers=headers, timeout=self._file_timeout)

    def _body(self, method: str, param: Param) -> bytes:
        key, secret = self._settings.app_key.get_secret_value(), self._settings.app_secret.get_secret_value()
        return orjson.dumps({"call": method, "app_key": key.strip(), "app_secret": secret.strip(), "param": [param]})

    def _around(self, method: str, param: Param) -> tuple[bytes, bytes]:
        """Returns what of the body comes before and after the text of a file."""
        head, _, tail = self._body(method, {**param, "cArquivo": _HERE}).partition(_HERE.encode())
        return head, tail

    @asynccontextmanager
    async def _prolonged(self, entry: Entry) -> AsyncIterator[None]:
        """Keeps the entry's lease while the call is under way."""

        async def prolong() -> None:
            while True:
                await asyncio.sleep(PROLONG_SECONDS)
                # An outage of the database must not end the call; the lease then ends before it.
                with suppress(Unavailable):
                    await self._gate.prolong(entry)

        task = asyncio.create_task(prolong())
        try:
            yield
        finally:
            task.cancel()

    async def close(self) -> None:
        """Closes the connections."""
        await self.http.aclose()


_JSON = {"content-type": "application/json"}
_HERE = "\ufffe"
"""Stands where the text of a file goes; JSON text that means something never has it."""


def _digest(service: str, param: Param) -> bytes:
    return hashlib.sha256(service.encode() + orjson.dumps(param, option=orjson.OPT_SORT_KEYS)).digest()


def _held_back(entry: Entry) -> Answer:
    return Answer(Kind.HELD_BACK, code=entry.reason, text=WHY_HELD_BACK[entry.reason], wait=entry.wait)


async def _pause(method: str, answer: Answer, seconds: float, end: float) -> None:
    """Sleeps, unless the caller's patience would end before; raises OmieError then."""
    if asyncio.get_running_loop().time() + seconds > end:
        raise OmieError(method, answer)
    await asyncio.sleep(seconds)
