"""An order of each preset, placed, looked at, and moved on the command line."""

import asyncio
import json
from uuid import uuid4

import pytest

from comanda_cli.api import Api
from comanda_cli.testing import Fleet

pytestmark = pytest.mark.xdist_group("fleet")

WALKS = {
    "pos": ["confirmed", "completed"],
    "remote": ["confirmed", "processing", "ready", "dispatched", "delivered", "completed"],
    "marketplace": ["confirmed", "ready", "dispatched", "delivered"],
    "order_management": ["confirmed", "processing", "ready_to_ship", "shipped", "in_transit", "delivered"],
}


@pytest.fixture(scope="module")
def shop(fleet: Fleet) -> Fleet:
    """A business of its own with ten cafés."""
    business = fleet.of_a_new_business()

    async def fill() -> None:
        async with Api.of(business.home, 1, business.api_key) as api:
            product = {"sku": "CAFE", "name": "Café", "prices": {"retail_price_q": 450}}
            await api.post("/api/v1/products", product, uuid4().hex)
            await api.post("/api/v1/locations", {"code": "loja", "name": "Loja", "type": "storefront"}, uuid4().hex)
            goods = {"location": "loja", "lines": [{"sku": "CAFE", "qty": "10"}]}
            await api.post("/api/v1/stock/receive", goods, uuid4().hex)

    asyncio.run(fill())
    return business


@pytest.mark.parametrize("preset", WALKS)
def test_an_order_of_each_preset_is_placed_inspected_and_moved(shop: Fleet, preset: str) -> None:
    line = "CAFE=2@500" if preset == "marketplace" else "CAFE=2"
    placed = shop.run("orders", "place", "--channel", preset, "--preset", preset, "--customer", "Ana", "--json", line)
    assert placed.returncode == 0, placed.stderr
    order = json.loads(placed.stdout)
    assert (order["channel_code"], order["total_q"]) == (preset, 1000 if preset == "marketplace" else 900)
    moved = shop.run("orders", "move", order["ref"], *WALKS[preset])
    assert moved.returncode == 0, moved.stderr
    assert moved.stdout.splitlines()[-1].endswith(f"→ {WALKS[preset][-1]}")
    shown = shop.run("orders", "show", order["ref"])
    assert f"{order['ref']}  {preset}  {WALKS[preset][-1]}" in shown.stdout
    assert "2 × CAFE" in shown.stdout
    history = json.loads(shop.run("orders", "show", "--json", order["ref"]).stdout)["events"]
    walked = [event["payload"]["new_status"] for event in history if event["type"] == "status_changed"]
    assert [status for status in walked if status != "pending"] == WALKS[preset]
    assert history[-1]["actor_label"] == "command line"


def test_what_cannot_be_done_is_said_in_one_line_with_what_could(shop: Fleet) -> None:
    placed = shop.run("orders", "place", "--channel", "till", "--preset", "pos", "--json", "CAFE")
    ref = json.loads(placed.stdout)["ref"]
    refused = shop.run("orders", "move", ref, "completed")
    assert refused.returncode == 1
    [line] = refused.stderr.splitlines()
    assert "invalid_transition" in line
    assert '"allowed_transitions": ["confirmed", "cancelled"]' in line
    short = shop.run("orders", "place", "--channel", "web", "--preset", "remote", "CAFE=1000")
    assert "blocking_issues" in short.stderr
    assert "404" not in (absent := shop.run("orders", "show", "ORD-NONE")).stderr
    assert "not_found" in absent.stderr
    assert shop.run("orders", "place", "--channel", "till", "CAFE=1@cheap").returncode == 2
