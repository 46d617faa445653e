"""`comanda customers` and `comanda day` on a whole fleet."""

import asyncio
import json
from uuid import uuid4

import pytest

from comanda_cli.api import Api
from comanda_cli.testing import Fleet

pytestmark = pytest.mark.xdist_group("fleet")


async def opened(here: Fleet) -> str:
    """A shop with a customer, who owes for one sale, and a draft that was left."""
    async with Api.of(here.home, 1, here.api_key) as api:
        await api.post("/api/v1/storefronts", {"code": "loja", "name": "Loja"}, uuid4().hex)
        product = {"sku": "PAO", "name": "Pão", "prices": {"retail_price_q": 1000}}
        await api.post("/api/v1/products", product, uuid4().hex)
        stock = {"location": "loja", "lines": [{"sku": "PAO", "qty": "5"}]}
        await api.post("/api/v1/stock/receive", stock, uuid4().hex)
        customer = await api.post("/api/v1/customers", {"name": "Ana", "credit_limit_q": 9000}, uuid4().hex)
        draft = {"storefront": "loja", "customer_id": customer["id"]}
        for completed in (True, False):
            path = f"/api/v1/sales/{(await api.post('/api/v1/sales', draft, uuid4().hex))['id']}"
            await api.post(f"{path}/items", {"sku": "PAO", "quantity": "1"}, uuid4().hex)
            if completed:
                await api.post(f"{path}/complete", {"payment_type": "credit"}, uuid4().hex)
    return str(customer["id"])


def test_a_day_is_closed_and_a_customer_forgotten_who_owes_nothing(fleet: Fleet) -> None:
    here = fleet.of_a_new_business()
    customer = asyncio.run(opened(here))
    [listed] = [json.loads(line) for line in here.run("customers", "list", "--search", "ana").stdout.splitlines()]
    shown = json.loads(here.run("customers", "show", customer).stdout)
    assert (listed["id"], shown["name"], shown["credit"]["outstanding_balance_q"]) == (customer, "Ana", 1000)
    closed = json.loads(here.run("day", "close", "--storefront", "loja").stdout)
    [unpaid] = closed["unpaid"]
    assert (unpaid["amount_due_q"], len(closed["drafts"]), closed["abandoned"]) == (1000, 1, [])
    again = json.loads(here.run("day", "close", "--storefront", "loja", "--abandon").stdout)
    assert (again["drafts"], again["abandoned"]) == ([], closed["drafts"])
    refused = here.run("customers", "erase", customer, "--yes")
    assert refused.returncode != 0
    assert "customer_owes" in refused.stderr
    assert json.loads(here.run("customers", "show", customer).stdout)["name"] == "Ana"


def test_a_key_that_is_not_good_is_told_in_a_line(fleet: Fleet) -> None:
    for command in (("customers", "list"), ("audit", "export")):
        run = fleet.run(*command, "--api-key", "nobody's")
        assert (run.returncode, run.stderr.count("\n")) == (1, 1)
        assert "denies access: unauthenticated" in run.stderr
