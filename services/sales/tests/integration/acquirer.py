"""A payment provider, as a real HTTP server: it does things once for a key, loses answers, and tells of what it did."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from aiohttp import web
from standardwebhooks import Webhook

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
JSON = dict[str, Any]


@dataclass
class Acquirer:
    """The provider and its moods."""

    url: str = ""
    intents: dict[str, JSON] = field(default_factory=dict)
    operations: dict[str, JSON] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    """Kinds of what was done, each time it was."""
    deaf: int = 0
    """So many requests it refuses without doing anything, and says nothing of use."""
    lossy: int = 0
    """So many answers get lost after it did what was asked."""
    patient: bool = False
    """Whether it waits for the buyer."""
    declines: bool = False
    hangs: asyncio.Event | None = None
    """Until when answers do not leave."""

    async def open_intent(self, request: web.Request) -> web.StreamResponse:
        """POST /payment_intents."""
        body = await request.json()
        ref = f"pi_{body['reference']}"
        self.intents.setdefault(ref, {
            "id": ref, "version": 0, "status": "pending", "amount_q": body["amount_q"], "captured_q": 0, "refunded_q": 0,
            "client_secret": f"{ref}_secret", "business": body["business"], "reference": body["reference"],
        })  # fmt: skip
        return await self._perform(request, ref, "open", body)

    async def act(self, request: web.Request) -> web.StreamResponse:
        """POST /payment_intents/{ref}/{kind}."""
        return await self._perform(request, request.match_info["ref"], request.match_info["kind"], await request.json())

    async def operation(self, request: web.Request) -> web.StreamResponse:
        """GET /operations/{key}."""
        if request.match_info["key"] not in self.operations:
            return web.json_response({"error": "unknown"}, status=404)
        return self._answer(request.match_info["key"])

    async def intent(self, request: web.Request) -> web.StreamResponse:
        """GET /payment_intents/{ref}."""
        return web.json_response(self.intents[request.match_info["ref"]])

    async def _perform(self, request: web.Request, ref: str, kind: str, body: JSON) -> web.StreamResponse:
        key = request.headers["idempotency-key"]
        if self.deaf:
            self.deaf -= 1
            return web.Response(status=503, text="<html>come back later</html>")
        if key not in self.operations:
            self.operations[key] = {"ref": ref, "kind": kind, "transaction_id": f"tx_{uuid4().hex}"}
            self._do(self.operations[key], body["amount_q"])
        if self.hangs:
            await self.hangs.wait()
        if self.lossy:
            self.lossy -= 1
            assert request.transport is not None
            request.transport.close()
        return self._answer(key)

    def _do(self, operation: JSON, amount_q: int) -> None:
        intent, kind = self.intents[operation["ref"]], operation["kind"]
        operation["state"] = "declined" if self.declines and kind != "open" else "done"
        if operation["state"] == "declined":
            operation["error"] = "the card is stolen"
            return
        self.done.append(kind)
        intent["version"] += 1
        if kind == "capture":
            intent |= {"status": "captured", "captured_q": amount_q}
        elif kind == "refund":
            intent["refunded_q"] += amount_q
            intent["status"] = "refunded" if intent["refunded_q"] == intent["captured_q"] else "captured"
        else:
            waiting = "requires_action" if self.patient else "authorized"
            intent["status"] = {"cancel": "cancelled", "authorize": "authorized"}.get(kind, waiting)

    def _answer(self, key: str) -> web.Response:
        operation = self.operations[key]
        said = {name: operation[name] for name in ("state", "transaction_id", "error") if name in operation}
        return web.json_response({"operation": said, "intent": self.intents[operation["ref"]]})

    def pay(self, ref: str) -> None:
        """The buyer pays the code that he was shown."""
        intent = self.intents[ref]
        intent |= {"status": "captured", "captured_q": intent["amount_q"], "version": intent["version"] + 1}


def signed(intent: JSON, secret: str = SECRET, **about: Any) -> dict[str, Any]:
    """What an event about an intent comes with: its body, and the headers by which we know who calls."""
    body = orjson.dumps({"type": "payment_intent.updated", "data": {**intent, **about}})
    identifier, now = f"evt_{uuid4().hex}", datetime.now(UTC)
    return {
        "body": body,
        "webhook_id": identifier,
        "webhook_timestamp": str(int(now.timestamp())),
        "webhook_signature": Webhook(secret).sign(identifier, now, body.decode()),
    }


@asynccontextmanager
async def running(port: int) -> AsyncIterator[Acquirer]:
    """Runs a provider."""
    acquirer = Acquirer(f"http://127.0.0.1:{port}/v1")
    app = web.Application()
    app.add_routes(
        [
            web.post("/v1/payment_intents", acquirer.open_intent),
            web.post("/v1/payment_intents/{ref}/{kind}", acquirer.act),
            web.get("/v1/payment_intents/{ref}", acquirer.intent),
            web.get("/v1/operations/{key}", acquirer.operation),
        ]
    )
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield acquirer
    finally:
        await runner.cleanup()
