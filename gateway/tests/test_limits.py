"""How often a caller may call."""

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway import limits, routes
from gateway.limits import Allowance, Allowed, Limits
from gateway.settings import Settings

from .standin import API_KEY, House, running

FEW = {
    "rate_reads_per_hour": 3,
    "rate_modifications_per_minute": 2,
    "rate_commits_per_minute": 1,
    "rate_anonymous_per_hour": 2,
}
READ, MODIFY, COMMIT = "/api/v1/locations/store", "/api/v1/locations", "/api/v1/sessions/S1/commit"


@pytest.fixture
async def strict() -> AsyncIterator[House]:
    """A gateway that allows next to nothing."""
    async with running(**FEW) as house:
        yield house


async def modify(house: House, **headers: str) -> httpx.Response:
    return await house.client.post(MODIFY, json={"code": "store"}, headers=headers)


def quota(response: httpx.Response) -> tuple[int, ...]:
    return tuple(int(response.headers[f"x-ratelimit-{name}"]) for name in ("limit", "remaining"))


async def test_every_kind_of_call_is_counted_apart_and_told(strict: House) -> None:
    commit = await strict.client.post(COMMIT, json={"channel_code": "counter"})
    answers = [await strict.client.get(READ), await strict.client.get(READ), await modify(strict), commit]
    assert [quota(each) for each in answers] == [(3, 2), (3, 1), (2, 1), (1, 0)]
    reset = int(answers[0].headers["x-ratelimit-reset"])
    assert 3590 < reset - time.time() <= 3601


async def test_one_call_too_many_is_a_problem_that_says_when_to_go_on_and_reaches_no_service(strict: House) -> None:
    for _ in range(2):
        assert (await modify(strict)).status_code == 201
    refused = await modify(strict, **{"accept-language": "pt-BR"})
    problem = refused.json()
    assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
    assert (problem["code"], problem["context"]["limit"], problem["context"]["seconds"]) == ("rate_limited", 2, 60)
    wait = problem["context"]["retry_after_seconds"]
    assert problem["message"] == f"Mais de 2 chamadas em 60 segundos; continue em {wait} segundos."
    assert int(refused.headers["retry-after"]) == wait <= 60
    assert quota(refused) == (2, 0)
    assert [name for name, *_ in strict.services.asked] == ["CreateLocation"] * 2
    assert (await strict.client.get(READ)).status_code == 200


async def test_the_same_key_written_otherwise_is_the_same_key(strict: House) -> None:
    for written in (f"Bearer {API_KEY}", f"bearer   {API_KEY}"):
        assert (await modify(strict, authorization=written)).status_code == 201
    assert (await modify(strict, authorization=f"BEARER  {API_KEY}")).status_code == 429


async def test_whoever_tries_keys_out_is_slowed_down_and_others_at_his_address_are_not(strict: House) -> None:
    tried = [await strict.client.get(READ, headers={"authorization": f"Bearer ck_{n}"}) for n in range(3)]
    assert [each.status_code for each in tried] == [401, 401, 429]
    assert (await strict.client.get(READ)).status_code == 200


async def test_health_and_documents_are_not_counted(strict: House) -> None:
    for path in ("/health", "/docs", "/openapi.json") * 3:
        response = await strict.client.get(path)
        assert response.status_code in (200, 503)
        assert "x-ratelimit-limit" not in response.headers


def test_an_allowance_is_whole_again_when_its_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("gateway.limits.time.time", lambda: now)
    counted = Limits({Allowed.READ: Allowance(2, 60)})
    assert [counted.take(Allowed.READ, "a").used for _ in range(3)] == [1, 2, 3]
    assert counted.take(Allowed.READ, "b").used == 1
    now = 1060.0
    assert (again := counted.take(Allowed.READ, "a")).used == 1
    assert again.headers()["x-ratelimit-reset"] == "1120"


def test_memory_stays_bounded_however_many_call() -> None:
    counted = Limits({Allowed.READ: Allowance(2, 60)}, remembered=10)
    for caller in range(1000):
        counted.take(Allowed.READ, str(caller))
    windows: Any = counted._windows  # what it remembers cannot be seen from outside
    assert len(windows) == 10


def test_the_contract_says_what_a_call_counts_as() -> None:
    kinds = {route.descriptor.name: limits.of(route) for route in routes.discover()}
    assert kinds["CommitSession"] is Allowed.COMMIT
    assert (kinds["GetOrder"], kinds["ModifySession"]) == (Allowed.READ, Allowed.MODIFY)
    assert [name for name, kind in kinds.items() if kind is Allowed.COMMIT] == ["CommitSession"]


def test_the_defaults_are_those_of_the_documentation() -> None:
    allowances = Settings().allowances()
    assert {kind.name: (each.calls, each.seconds) for kind, each in allowances.items()} == {
        "READ": (1000, 3600),
        "MODIFY": (300, 60),
        "COMMIT": (60, 60),
        "ANONYMOUS": (100, 3600),
    }
