"""The client's patience: what may pass is tried again with the same key, what may not is said at once."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from comanda_cli.api import Api, Refusal, Unreachable, key_for, together

Reply = Callable[[], web.Response]


def problem(status: int, code: str, **headers: str) -> Reply:
    return lambda: web.json_response(
        {"code": code, "message": "words", "context": {"n": 1}}, status=status, headers=headers
    )


def done() -> web.Response:
    return web.json_response({"done": True})


def broken() -> web.Response:
    raise ConnectionResetError


class Server:
    """Answers one request after the other as it was told, the last answer for ever, and remembers what was asked."""

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies)
        self.asked: list[tuple[str, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.asked.append((request.path_qs, request.headers.get("Idempotency-Key", "")))
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if reply is broken:
            assert request.transport
            request.transport.abort()
        return reply() if reply is not broken else done()


@asynccontextmanager
async def talking_to(server: Server, patience: float = 10.0) -> AsyncIterator[Api]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    async with Api(f"http://{host}:{port}", "key", 2, patience) as api:
        yield api
    await runner.cleanup()


@pytest.mark.parametrize(
    "passing",
    [
        pytest.param(problem(503, "unavailable"), id="away"),
        pytest.param(problem(429, "rate_limited", **{"Retry-After": "0"}), id="too much"),
        pytest.param(problem(504, "deadline"), id="too slow"),
        pytest.param(problem(409, "in_progress"), id="a twin is under way"),
        pytest.param(problem(500, "internal"), id="unplanned"),
        pytest.param(broken, id="connection lost"),
    ],
)
async def test_what_may_pass_is_tried_again_with_the_same_key(passing: Reply) -> None:
    server = Server(passing, done)
    async with talking_to(server) as api:
        assert await api.post("/x", {"a": 1}, "K") == {"done": True}
    assert server.asked == [("/x", "K"), ("/x", "K")]


async def test_a_refusal_is_said_at_once_with_code_message_and_context() -> None:
    server = Server(problem(409, "empty_session"))
    async with talking_to(server) as api:
        with pytest.raises(Refusal) as refusal:
            await api.post("/x", {}, "K")
    assert (refusal.value.code, refusal.value.message, refusal.value.context) == ("empty_session", "words", {"n": 1})
    assert len(server.asked) == 1


async def test_an_error_that_does_not_pass_is_a_refusal_in_the_end() -> None:
    server = Server(problem(500, "internal"))
    async with talking_to(server) as api:
        with pytest.raises(Refusal):
            await api.get("/x")
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    "reply", [problem(503, "unavailable"), problem(429, "rate_limited", **{"Retry-After": "3600"})]
)
async def test_patience_ends(reply: Reply) -> None:
    async with talking_to(Server(reply), patience=0.3) as api:
        with pytest.raises(Unreachable, match="does not answer well"):
            await api.get("/x")


async def test_a_key_that_is_not_good_ends_it() -> None:
    server = Server(problem(401, "unauthenticated"))
    async with talking_to(server) as api:
        with pytest.raises(Unreachable, match="denies access"):
            await api.get("/x")
    assert len(server.asked) == 1


async def test_all_pages_of_a_list_are_read() -> None:
    server = Server(
        lambda: web.json_response({"items": [{"n": 1}], "next_page_token": "next"}),
        lambda: web.json_response({"items": [{"n": 2}], "next_page_token": ""}),
    )
    async with talking_to(server) as api:
        assert await api.pages("/x", [("sku", "a"), ("sku", "b")]) == [{"n": 1}, {"n": 2}]
    assert server.asked[1][0] == "/x?sku=a&sku=b&page_size=100&page_token=next"


async def test_the_first_failure_ends_the_other_works() -> None:
    async def fail() -> None:
        raise Unreachable("gone")

    async with talking_to(Server(problem(503, "unavailable")), patience=60) as api:

        async def wait() -> Any:
            await api.get("/x")

        with pytest.raises(Unreachable, match="gone"):
            await together([wait(), fail()])


def test_the_same_work_has_the_same_key_and_other_work_another() -> None:
    assert key_for("x", {"a": 1, "b": 2}) == key_for("x", {"b": 2, "a": 1})
    assert key_for("x", {"a": 1}) != key_for("x", {"a": 2})
