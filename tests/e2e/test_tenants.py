"""What a business has, nobody else finds, by whatever call; and a key that is revoked opens nothing any more, anywhere."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from comanda_cli.testing import Fleet
from gateway import examples
from gateway.routes import Route, discover
from kit.testing import eventually

pytestmark = pytest.mark.xdist_group("fleet")

JSON = dict[str, Any]
ROUTES = [route for route in discover() if not route.public]
LISTS = {
    route.template
    for route in ROUTES
    if route.verb == "GET" and not route.variables and "items" in route.response.DESCRIPTOR.fields_by_name
}
NEEDS = {"/api/v1/availability": {"sku": "SECRET"}}
"""What a list must be asked for to answer at all."""
HARMLESS = frozenset({400, 404})
"""What a stranger may be answered: that there is no such thing, or that what he sent is wrong whoever sends it."""
NOTHING_DONE = {"applied": False}
"""The answer to a check result for a session that is not there (case O-R2)."""
AT_ONCE_SECONDS = 3.0
"""Far less than a token lives, and than the gateway remembers one."""


@dataclass
class Caller:
    """Somebody with a key."""

    session: aiohttp.ClientSession

    async def ask(self, verb: str, path: str, body: JSON | None = None, **query: str) -> tuple[int, JSON]:
        """Returns status and body of an answer."""
        async with self.session.request(verb.upper(), path, json=body, params=query) as answer:
            return answer.status, json.loads(await answer.read() or b"{}")

    async def make(self, path: str, **body: Any) -> JSON:
        """Makes something and returns it."""
        status, made = await self.ask("post", path, body)
        assert status < 300, (path, made)
        return made

    async def everything(self) -> dict[str, list[JSON]]:
        """Returns what all lists show."""
        answers = {path: await self.ask("get", path, **NEEDS.get(path, {})) for path in sorted(LISTS)}
        return {path: answer["items"] for path, (status, answer) in answers.items() if status == 200}


@pytest.fixture
async def callers(fleet: Fleet) -> AsyncIterator[list[Caller]]:
    """The owners of two businesses."""
    async with AsyncExitStack() as stack:
        yield [await enter(stack, fleet, fleet.of_a_new_business().api_key) for _ in range(2)]


async def enter(stack: AsyncExitStack, fleet: Fleet, key: str) -> Caller:
    base, headers = fleet.home.credentials()["base_url"], {"Authorization": f"Bearer {key}"}
    return Caller(await stack.enter_async_context(aiohttp.ClientSession(base, headers=headers)))


async def furnish(owner: Caller) -> None:
    """Gives a business something of every kind."""
    await owner.make("/api/v1/storefronts", code="secret", name="Secret")
    await owner.make("/api/v1/members", name="Ana", role="manager", email="ana@example.com")
    await owner.make("/api/v1/api-keys", role="staff", label="till")
    await owner.make("/api/v1/products", sku="SECRET", name="Secret", prices={"retail_price_q": 500})
    await owner.make("/api/v1/customers", name="Ana", phone="+55 11 5555")
    await owner.make("/api/v1/stock/receive", location="secret", lines=[{"sku": "SECRET", "qty": "10"}])
    sale = await owner.make("/api/v1/sales", storefront="secret")
    await owner.make(f"/api/v1/sales/{sale['id']}/items", sku="SECRET", quantity="1")
    await owner.make("/api/v1/locations", code="depot", type="warehouse")
    await owner.make("/api/v1/stock/receive", location="depot", lines=[{"sku": "SECRET", "qty": "10"}])
    line = {"sku": "SECRET", "qty": "1", "location": "depot"}
    await owner.make("/api/v1/reservations", owner_type="cart", owner_ref="S-1", lines=[line])
    config = {"required_checks_on_commit": ["stock"], "post_commit_directives": ["stock.commit"]}
    await owner.make("/api/v1/channels", code="web", pricing_policy="external", config=config)
    ops = [{"op": "add_line", "sku": "SECRET", "qty": "1", "unit_price_q": 500}]
    for key in ("CART-1", "CART-2"):
        await owner.make("/api/v1/sessions", channel_code="web", session_key=key, ops=ops)
    await owner.make("/api/v1/sessions/CART-1/commit", channel_code="web", wait_for_checks_ms=10_000)


def names_of(template: str, shown: Mapping[str, list[JSON]]) -> dict[str, str] | None:
    """The values of a route's variables, from what its owner's lists show; None where they show none of that kind."""
    names: dict[str, str] = {}
    parts = template.split("/")
    for index, part in enumerate(parts):
        if part.startswith("{"):
            items = shown.get("/".join(parts[:index])) or [{}]
            names[part[1:-1]] = str(items[0].get(part[1:-1], ""))
    return names if all(names.values()) else None


def request_of(route: Route, names: Mapping[str, str]) -> tuple[str, JSON | None]:
    """A path with another one's names in it, and a body that is good."""
    path = route.template.format_map(names)
    body = examples.message(route.request.DESCRIPTOR, {*names, route.key_field}) if route.body else None
    return path, body


async def test_a_stranger_finds_nothing_by_any_call_and_changes_nothing(callers: list[Caller]) -> None:
    owner, stranger = callers
    await furnish(owner)

    async def at_rest() -> dict[str, list[JSON]] | None:
        shown = await owner.everything()
        busy = [each for each in shown["/api/v1/directives"] if each["status"] != "done"]
        unlinked = [each for each in shown["/api/v1/audit-log"] if not each["seq"]]
        return None if busy or unlinked or shown != await owner.everything() else shown

    before: Any = await eventually(at_rest)
    assert len(before) >= len(LISTS) - 3, "lists that must be asked for more belong into NEEDS"
    empty = [path for path, items in before.items() if not items]
    assert not {"/api/v1/orders", "/api/v1/products", "/api/v1/members", "/api/v1/reservations"} & set(empty)
    for path, items in (await stranger.everything()).items():
        if path not in NEEDS:
            assert not [item for item in items if item in before[path]], path
    walked, told = 0, []
    for route in ROUTES:
        if route.variables and (names := names_of(route.template, before)):
            path, body = request_of(route, names)
            status, answer = await stranger.ask(route.verb, path, body)
            walked += 1
            harmless = status == 404 if route.verb == "GET" else status in HARMLESS or answer == NOTHING_DONE
            if not harmless:
                told.append((route.verb, path, status, answer))
    assert not told
    assert walked > 25
    assert await owner.everything() == before


async def test_a_revoked_key_is_dead_everywhere_at_once(fleet: Fleet, callers: list[Caller]) -> None:
    owner = callers[0]
    key = await owner.make("/api/v1/api-keys", role="owner")
    async with AsyncExitStack() as stack:
        bearer = await enter(stack, fleet, key["secret"])
        places = ["/api/v1/orders", "/api/v1/products", "/api/v1/storefronts"]
        for place in places:
            assert (await bearer.ask("get", place))[0] == 200
        assert (await owner.ask("delete", f"/api/v1/api-keys/{key['id']}"))[0] == 200
        revoked = time.monotonic()
        for place in places:

            async def dead(place: str = place) -> bool:
                return (await bearer.ask("get", place))[0] == 401

            await eventually(dead, AT_ONCE_SECONDS)
        assert time.monotonic() - revoked < AT_ONCE_SECONDS
