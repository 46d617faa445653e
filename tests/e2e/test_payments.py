"""Orders that are paid: what their channels ask for is done at the counter's books, and the orders follow."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from comanda_cli.testing import Fleet
from kit.testing import eventually

pytestmark = pytest.mark.xdist_group("fleet")

PATIENCE_SECONDS = 60.0
CONFIRMED = {"order_flow": {"auto_transitions": {"on_payment_confirm": "confirmed"}}}


class Shop:
    """A business's calls over REST."""

    def __init__(self, api: httpx.AsyncClient) -> None:
        self.api = api

    async def post(self, path: str, **body: Any) -> Any:
        """Does something that must succeed."""
        answer = await self.api.post(f"/api/v1/{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def get(self, path: str, **query: Any) -> Any:
        """Reads something that must be there."""
        answer = await self.api.get(f"/api/v1/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def channel(self, code: str, *topics: str) -> None:
        """Makes a channel that asks for work after each commit."""
        config = {"post_commit_directives": topics, **CONFIRMED}
        await self.post("channels", code=code, pricing_policy="external", config=config)

    async def order(self, channel: str, data: Any = None, **fields: Any) -> str:
        """Commits a session over 50.00 and returns the order's ref."""
        line = {"op": "add_line", "sku": "A", "qty": "1", "unit_price_q": 5000}
        session = await self.post("sessions", channel_code=channel, ops=[line], data=data or {}, **fields)
        made = await self.post(f"sessions/{session['session_key']}/commit", channel_code=channel)
        return str(made["order_ref"])

    async def account(self, customer: str) -> tuple[int, int]:
        """What a customer owes, and what he may still buy."""
        found = await self.get(f"customers/{customer}/credit-status")
        return found["outstanding_balance_q"], found["available_credit_q"]

    async def settled(self, ref: str, topic: str) -> Any:
        """Waits for the end of an order's only directive of a topic."""

        async def over() -> Any:
            [found] = (await self.get("directives", order_ref=ref, topic=topic))["items"]
            return found if found["status"] in ("done", "failed") else None

        return await eventually(over, PATIENCE_SECONDS, every=0.2)

    async def entries(self, ref: str, kind: str) -> list[Any]:
        """What an order's history tells of a kind."""
        found = (await self.get(f"orders/{ref}/events"))["items"]
        return [each["payload"] for each in found if each["type"] == kind]

    async def shows(self, ref: str, kind: str) -> Any:
        """Waits for the first entry of a kind."""

        async def shown() -> Any:
            return await self.entries(ref, kind)

        return (await eventually(shown, PATIENCE_SECONDS, every=0.2))[0]


@pytest.fixture
async def shop(fleet: Fleet, business: Fleet) -> AsyncIterator[Shop]:
    """A business without anything."""
    headers = {"authorization": f"Bearer {business.api_key}"}
    async with httpx.AsyncClient(base_url=fleet.home.credentials()["base_url"], headers=headers, timeout=60) as api:
        yield Shop(api)


async def test_o_p5_an_order_takes_its_money_and_gives_it_back(shop: Shop) -> None:
    await shop.channel("web", "payment.capture")
    intent = await shop.post("payment-intents", amount_q=5000, metadata={"cart": "7"})
    ref = await shop.order("web", {"payment": {"intent_id": intent["id"]}})
    assert (await shop.settled(ref, "payment.capture"))["status"] == "done"
    taken = await shop.shows(ref, "payment.captured")
    assert (taken["intent_id"], taken["amount_q"]) == (intent["id"], 5000)
    assert taken["transaction_id"]
    assert (await shop.get(f"orders/{ref}"))["status"] == "confirmed"
    again = await shop.post("directives", topic="payment.capture", payload={"order_ref": ref})

    async def done() -> bool:
        return bool((await shop.get(f"directives/{again['id']}"))["status"] == "done")

    await eventually(done, PATIENCE_SECONDS, every=0.2)
    await shop.post(f"orders/{ref}/refund", amount_q=2000, reason="one cold dish")
    assert (await shop.settled(ref, "payment.refund"))["status"] == "done"
    given = await shop.shows(ref, "payment.refunded")
    assert (given["intent_id"], given["amount_q"], given["reason"]) == (intent["id"], 2000, "one cold dish")
    assert given["refund_id"]
    # By hand: no directive asks, and the order knows all the same.
    await shop.post(f"payment-intents/{intent['id']}/refund", reason="the rest, too")

    async def both() -> bool:
        return [each["amount_q"] for each in await shop.entries(ref, "payment.refunded")] == [2000, 3000]

    await eventually(both, PATIENCE_SECONDS, every=0.2)
    assert len(await shop.entries(ref, "payment.captured")) == 1
    found = await shop.get(f"payment-intents/{intent['id']}")
    assert (found["status"], found["order_ref"], found["captured_q"], found["refunded_q"]) == (
        "refunded",
        ref,
        5000,
        5000,
    )


async def test_o_p5_what_is_declined_stands_in_the_order(shop: Shop) -> None:
    await shop.channel("web", "payment.capture")
    ref = await shop.order("web")
    assert (await shop.settled(ref, "payment.capture"))["error_code"] == "no_intent_id"
    assert (await shop.shows(ref, "payment.failed"))["error_code"] == "no_intent_id"
    assert (await shop.get(f"orders/{ref}"))["status"] == "new"
    refusals = {}
    small = await shop.post("payment-intents", amount_q=4999)
    given_up = await shop.post("payment-intents", amount_q=5000)
    assert (await shop.post(f"payment-intents/{given_up['id']}/cancel"))["cancelled"]
    foreign = await shop.post("payment-intents", amount_q=5000, currency="USD")
    for name, intent_id in (
        ("small", small["id"]),
        ("given up", given_up["id"]),
        ("foreign", foreign["id"]),
        ("unknown", "pi_1"),
    ):
        ref = await shop.order("web", {"payment": {"intent_id": intent_id}})
        refusals[name] = (await shop.settled(ref, "payment.capture"))["error_code"]
    assert refusals == {
        "small": "exceeds_authorized",
        "given up": "invalid_status",
        "foreign": "currency_mismatch",
        "unknown": "intent_not_found",
    }


async def test_orders_on_account_take_credit_once_and_no_more_than_there_is(shop: Shop) -> None:
    await shop.channel("b2b", "credit.hold")
    customer = (await shop.post("customers", name="Ana", credit_limit_q=12_000))["id"]
    handle = {"handle_type": "customer", "handle_ref": customer}
    refs = await asyncio.gather(*(shop.order("b2b", {"customer": {"id": customer}}) for _ in range(4)))
    ends = await asyncio.gather(*(shop.settled(ref, "credit.hold") for ref in refs))
    assert sorted(each["error_code"] for each in ends) == ["", "", "credit_limit_exceeded", "credit_limit_exceeded"]
    assert next(each for each in ends if each["error_code"])["last_error"].startswith("credit_limit_exceeded: ")
    assert await shop.account(customer) == (0, 2000)
    first, second = (ref for ref, end in zip(refs, ends, strict=True) if not end["error_code"])

    await shop.post(f"orders/{first}/cancel", reason="changed his mind")
    assert (await shop.settled(first, "credit.release"))["status"] == "done"
    assert await shop.account(customer) == (0, 7000)
    for status in ("confirmed", "processing", "ready", "completed"):
        await shop.post(f"orders/{second}/transition", status=status)
    assert (await shop.settled(second, "credit.post"))["status"] == "done"
    assert await shop.account(customer) == (5000, 7000)
    [entry] = (await shop.get(f"customers/{customer}/credit-entries"))["items"]
    assert (entry["type"], entry["amount_q"], entry["reference_id"]) == ("credit_sale", 5000, second)

    await shop.api.patch(f"/api/v1/customers/{customer}", json={"credit_terms_days": 0})
    late = await shop.order("b2b", **handle)
    assert (await shop.settled(late, "credit.hold"))["error_code"] == "customer_overdue"
    await shop.post(f"customers/{customer}/payments", amount_q=5000)
    assert await shop.account(customer) == (0, 12_000)
    paid = await shop.order("b2b", handle_type="customer", handle_ref=f"{customer}")
    assert (await shop.settled(paid, "credit.hold"))["status"] == "done"
    stranger = await shop.order("b2b", {"customer": {"id": "nobody"}})
    assert (await shop.settled(stranger, "credit.hold"))["error_code"] == "customer_unknown"


async def test_an_order_that_was_given_up_never_takes_credit_afterwards(shop: Shop) -> None:
    customer = (await shop.post("customers", name="Ana", credit_limit_q=12_000))["id"]
    payload = {"order_ref": "ORD-1", "customer_id": customer, "amount_q": 5000, "currency": "BRL"}
    await shop.post("directives", topic="credit.release", payload=payload)
    await shop.settled("ORD-1", "credit.release")
    await shop.post("directives", topic="credit.hold", payload=payload)
    assert (await shop.settled("ORD-1", "credit.hold"))["error_code"] == "credit_released"
    await shop.post("directives", topic="credit.post", payload=payload)
    assert (await shop.settled("ORD-1", "credit.post"))["error_code"] == "no_credit_held"
    assert await shop.account(customer) == (0, 12_000)
