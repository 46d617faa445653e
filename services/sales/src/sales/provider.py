"""The payment provider outside, over HTTP (docs/payments.md). Whatever is asked carries the operation's id as its key.

No call is made within a transaction. What cannot be read, or does not come, is a Doubt: nobody knows what was done.
"""

from typing import Any, Literal
from uuid import UUID

import httpx
from pydantic import BaseModel, Field, ValidationError

from sales.domain.intent import DECLINED, DONE, OPEN_IT, SENT, Answer, Intent, Operation, Snapshot

SECONDS = 10.0
NOT_FOUND = 404


class Doubt(Exception):
    """The provider did not say what it did; its words, if there are any."""


class _Intent(BaseModel):
    id: str = Field(min_length=1, max_length=200)
    version: int = Field(ge=1)
    status: Literal["pending", "requires_action", "authorized", "captured", "refunded", "failed", "cancelled"]
    captured_q: int = Field(0, ge=0)
    refunded_q: int = Field(0, ge=0)
    client_secret: str = Field("", max_length=1000)

    def snapshot(self, of: Intent) -> Snapshot:
        if not self.refunded_q <= self.captured_q <= of.amount_q:
            raise Doubt(f"captured {self.captured_q} and refunded {self.refunded_q} of {of.amount_q} cannot be")
        return Snapshot(self.id, self.version, self.status, self.captured_q, self.refunded_q, self.client_secret)


class _Operation(BaseModel):
    state: Literal["done", "waiting", "declined"]
    transaction_id: str = Field("", max_length=200)
    error: str = Field("", max_length=500)


class _Said(BaseModel):
    operation: _Operation
    intent: _Intent


STATES = {"done": DONE, "waiting": SENT, "declined": DECLINED}


class Online:
    """The provider, with an account of the installation."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"authorization": f"Bearer {key}"}
        self._client = httpx.AsyncClient(
            base_url=url, headers=headers, timeout=SECONDS, follow_redirects=False, trust_env=False
        )

    async def ask(self, business: UUID, intent: Intent, operation: Operation) -> Answer:
        """Asks for something to be done; raises Doubt."""
        about = {"business": str(business), "reference": str(intent.id), "currency": intent.currency}
        body = about | {"amount_q": operation.amount_q, "method": intent.method, "reason": operation.reason}
        path = (
            "payment_intents"
            if operation.kind == OPEN_IT
            else f"payment_intents/{intent.provider_ref}/{operation.kind}"
        )
        answer = await self._call("POST", path, json=body, headers={"idempotency-key": str(operation.id)})
        return _answer(answer, intent)

    async def answer_to(self, intent: Intent, operation: Operation) -> Answer | None:
        """Returns what the provider answered, or would have, when it was asked before; None when it never was. Raises Doubt."""
        answer = await self._call("GET", f"operations/{operation.id}")
        return None if answer.status_code == NOT_FOUND else _answer(answer, intent)

    async def look(self, intent: Intent) -> Snapshot:
        """Returns how an intent stands; raises Doubt."""
        answer = await self._call("GET", f"payment_intents/{intent.provider_ref}")
        try:
            return _Intent.model_validate_json(answer.content).snapshot(intent)
        except ValidationError as error:
            raise Doubt(_unreadable(answer)) from error

    async def _call(self, verb: str, path: str, **given: Any) -> httpx.Response:
        try:
            return await self._client.request(verb, path, **given)
        except httpx.HTTPError as error:
            raise Doubt(f"{type(error).__name__}: {error}") from error


def _answer(answer: httpx.Response, intent: Intent) -> Answer:
    """Judges by the body, on every status: one that says what became of the operation is an answer."""
    try:
        said = _Said.model_validate_json(answer.content)
    except ValidationError as error:
        raise Doubt(_unreadable(answer)) from error
    operation = said.operation
    return Answer(STATES[operation.state], operation.transaction_id, operation.error, said.intent.snapshot(intent))


def _unreadable(answer: httpx.Response) -> str:
    return f"answered with {answer.status_code} and nothing that can be read"
