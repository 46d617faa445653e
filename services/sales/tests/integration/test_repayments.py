"""Sales that are paid through a provider outside: their money goes back through it, once, and never more than came."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest

from comanda.sales.v1 import payments_pb2, payments_pb2_grpc, refunds_pb2, refunds_pb2_grpc, sales_pb2
from comanda.sales.v1.payments_pb2 import PaymentOperationState as State
from comanda.sales.v1.sales_pb2 import PaymentStatus, SaleStatus
from embedded.ports import free_port
from kit import client
from kit.testing import eventually

from . import acquirer
from .acquirer import Acquirer
from .conftest import PRIVATE_KEY
from .counter import Counter, Shop, code, running

pytestmark = pytest.mark.xdist_group("counter")

SECONDS = 90.0
DONE, SENT, FAILED = (
    State.PAYMENT_OPERATION_STATE_DONE, State.PAYMENT_OPERATION_STATE_SENT, State.PAYMENT_OPERATION_STATE_FAILED,
)  # fmt: skip


@pytest.fixture(scope="module")
def port() -> int:
    """Where the provider of each test is."""
    return free_port()


@pytest.fixture(scope="module")
def counter(
    postgres_url: str,
    nats_url: str,
    migrated: Callable[[ModuleType], str],
    tmp_path_factory: pytest.TempPathFactory,
    port: int,
) -> Iterator[Counter]:
    """Sales and inventory, with a provider outside."""
    more = {"COMANDA_PAYMENT_URL": f"http://127.0.0.1:{port}/v1", "COMANDA_PAYMENT_KEY": "sk_1"}
    log = tmp_path_factory.mktemp("repayments")
    with running(postgres_url, nats_url, migrated, log, PRIVATE_KEY, **more) as found:
        yield found


@pytest.fixture
async def provider(port: int) -> AsyncIterator[Acquirer]:
    """The provider outside."""
    async with acquirer.running(port) as found:
        yield found


class Till:
    """A shop whose buyers pay by card."""

    def __init__(self, shop: Shop, channel: Any) -> None:
        self.shop = shop
        self.intents = payments_pb2_grpc.PaymentIntentServiceStub(channel)
        self.refunds = refunds_pb2_grpc.RefundServiceStub(channel)

    async def charge(self, amount_q: int, provider: str = "online") -> str:
        """Takes money by card; returns the intent's id."""
        request = payments_pb2.CreatePaymentIntentRequest(amount_q=amount_q, provider=provider)
        made = (await self.shop.call(self.intents.CreatePaymentIntent, request)).payment_intent
        await self.shop.call(self.intents.CapturePaymentIntent, payments_pb2.CapturePaymentIntentRequest(id=made.id))
        return str(made.id)

    async def give_back(self, intent_id: str) -> None:
        """Gives an intent's money back by hand."""
        request = payments_pb2.RefundPaymentIntentRequest(id=intent_id, reason="by hand")
        await self.shop.call(self.intents.RefundPaymentIntent, request)

    async def intent(self, intent_id: str) -> Any:
        """Reads an intent."""
        request = payments_pb2.GetPaymentIntentRequest(id=intent_id)
        return (await self.shop.call(self.intents.GetPaymentIntent, request)).payment_intent

    async def draft(self, quantity: str = "2") -> tuple[Any, Any]:
        """A draft of coffee at 10.00 each, and its item."""
        sale = await self.shop.draft()
        return sale, await self.shop.add(sale, quantity=quantity)

    async def approved(self, sale: Any, *items: tuple[Any, str]) -> str:
        """Asks for a refund, has it approved, and returns its id."""
        wanted = [refunds_pb2.NewRefundItem(item_id=item.id, quantity=quantity) for item, quantity in items]
        request = refunds_pb2.RequestRefundRequest(id=sale.id, items=wanted, reason="stale")
        made = (await self.shop.call(self.refunds.RequestRefund, request)).refund
        await self.shop.call(self.refunds.ApproveRefund, refunds_pb2.ApproveRefundRequest(id=made.id))
        return str(made.id)

    async def process(self, refund_id: str) -> Any:
        """Pays a refund back."""
        request = refunds_pb2.ProcessRefundRequest(id=refund_id)
        return (await self.shop.call(self.refunds.ProcessRefund, request)).refund

    async def settle(self, refund_id: str) -> Any:
        """Says that what was declined was paid in cash."""
        request = refunds_pb2.SettleRefundRequest(id=refund_id, reason="the card is closed: paid in cash")
        return (await self.shop.call(self.refunds.SettleRefund, request)).refund

    async def refund(self, sale: Any, *items: tuple[Any, str]) -> list[tuple[int, int]]:
        """Takes units back; returns what was given back of which payment, and how that stands."""
        return parts(await self.process(await self.approved(sale, *items)))

    async def refunds_of(self, sale: Any) -> list[Any]:
        """The refunds of a sale, newest first."""
        request = refunds_pb2.ListRefundsRequest(sale_id=sale.id)
        return list((await self.shop.call(self.refunds.ListRefunds, request)).items)

    async def paid_back(self, sale: Any) -> list[tuple[int, int]]:
        """Waits until everything that the newest refund gives back is given back."""

        async def over() -> list[tuple[int, int]]:
            found = parts((await self.refunds_of(sale))[0])
            return found if all(state == DONE for _, state in found) else []

        return await eventually(over, SECONDS)


def parts(refund: Any) -> list[tuple[int, int]]:
    return [(each.amount_q, each.state) for each in refund.repayments]


@pytest.fixture
async def till(shop: Shop, provider: Acquirer) -> AsyncIterator[Till]:
    """A shop that is connected to the provider."""
    async with AsyncExitStack() as stack:
        channel: Any = await stack.enter_async_context(client.channel(shop.counter.addresses["sales"]))
        yield Till(shop, channel)


async def test_each_payment_gives_back_by_what_is_left_of_it_and_the_card_through_its_provider(
    till: Till, provider: Acquirer
) -> None:
    intent_id = await till.charge(1201)
    sale, item = await till.draft("3")
    done = await till.shop.complete(sale, ("card", 1201, intent_id), ("cash", 1799))
    assert [each.payment_intent_id for each in done.payments] == [intent_id, ""]
    assert await till.refund(sale, (item, "1")) == [(400, DONE), (600, DONE)]
    assert await till.refund(sale, (item, "1")) == [(401, DONE), (599, DONE)]
    [newest, _] = await till.refunds_of(sale)
    assert [each.payment_id for each in newest.repayments] == [each.id for each in done.payments]
    assert newest.repayments[0].transaction_id in [each["transaction_id"] for each in provider.operations.values()]
    assert await till.refund(sale, (item, "1")) == [(400, DONE), (600, DONE)]
    found, intent = await till.shop.sale(sale), await till.intent(intent_id)
    assert (found.status, found.amount_refunded_q) == (SaleStatus.SALE_STATUS_REFUNDED, 3000)
    assert (intent.refunded_q, intent.sale_id) == (1201, sale.id)
    assert provider.done == ["open", "capture", "refund", "refund", "refund"]


async def test_an_intent_pays_one_sale_with_all_that_it_has_and_nothing_else(till: Till) -> None:
    intent_id = await till.charge(2000)
    (sale, _), (other, _) = await till.draft(), await till.draft()
    request = payments_pb2.CreatePaymentIntentRequest(amount_q=2000)
    promised = (await till.shop.call(till.intents.CreatePaymentIntent, request)).payment_intent
    for refusal, payment in {
        "intent_not_found": ("card", 2000, str(uuid4())),
        "not_captured": ("card", 2000, promised.id),
        "payment_differs_from_intent": ("pix", 2000, intent_id),
        "payment_exceeds_due": ("card", 2001, intent_id),
    }.items():
        assert await code(till.shop.complete(sale, payment)) == refusal
    assert await code(till.shop.complete(sale, ("card", 1999, intent_id))) == "payment_differs_from_intent"
    assert await code(till.shop.complete(sale, *[("card", 1000, intent_id)] * 2)) == "payment_differs_from_intent"
    assert await code(till.shop.complete(sale, ("card", 2000, "no id"))) == "intent_not_found"
    codes = await asyncio.gather(*(code(till.shop.complete(each, ("card", 2000, intent_id))) for each in (sale, other)))
    assert sorted(codes) == ["", "intent_pays_sale"]
    assert await code(till.give_back(intent_id)) == "intent_pays_sale"
    other, _ = await till.draft()
    await till.shop.complete(other, ("cash", 500))
    for intent, refusal in ((intent_id, "intent_pays_sale"), (await till.charge(1500, "manual"), "")):
        pay = sales_pb2.RecordPaymentRequest(
            id=other.id, method="PAYMENT_METHOD_CARD", amount_q=1500, payment_intent_id=intent
        )
        assert await code(till.shop.call(till.shop.sales.RecordPayment, pay)) == refusal
    assert (await till.shop.sale(other)).payments[1].payment_intent_id == intent


async def test_the_money_of_a_sale_that_could_not_be_is_free_for_another(till: Till, provider: Acquirer) -> None:
    intent_id = await till.charge(2000)
    sale, _ = await till.draft()
    await till.shop.empty_shelf(sale)
    assert await code(till.shop.complete(sale, ("card", 2000, intent_id))) == "insufficient_stock"
    assert (await till.intent(intent_id)).sale_id == ""
    await till.shop.stock_more()
    done = await till.shop.complete(sale, ("card", 2000, intent_id))
    assert (done.status, done.amount_paid_q) == (SaleStatus.SALE_STATUS_COMPLETED, 2000)
    assert ((await till.intent(intent_id)).sale_id, provider.done) == (sale.id, ["open", "capture"])


async def test_refunds_at_once_and_a_provider_that_loses_answers_give_back_what_came_and_no_more(
    till: Till, provider: Acquirer
) -> None:
    intent_id = await till.charge(4000)
    sale, item = await till.draft("4")
    await till.shop.complete(sale, ("card", 4000, intent_id))
    approved = [await till.approved(sale, (item, "1")) for _ in range(4)]
    provider.lossy, provider.deaf = 1, 1
    codes = await asyncio.gather(*(code(till.process(each)) for each in (*approved, *approved)))
    assert sorted(codes) == [""] * 4 + ["refund_not_open"] * 4

    async def given_back() -> bool:
        return bool((await till.intent(intent_id)).refunded_q == 4000)

    await eventually(given_back, SECONDS)
    assert await till.paid_back(sale) == [(1000, DONE)]
    assert provider.done == ["open", "capture", *["refund"] * 4]


async def test_what_a_provider_declines_to_give_back_is_shown_and_asked_for_again(
    till: Till, provider: Acquirer
) -> None:
    intent_id = await till.charge(1500)
    sale, item = await till.draft()
    await till.shop.complete(sale, ("cash", 500), ("card", 1500, intent_id))
    refund_id = await till.approved(sale, (item, "2"))
    provider.declines = True
    declined = await till.process(refund_id)
    assert parts(declined) == [(500, DONE), (1500, FAILED)]
    assert (declined.repayments[1].error_code, declined.repayments[1].error) == (
        "payment_declined",
        "the card is stolen",
    )
    assert parts(await till.process(refund_id)) == [(500, DONE), (1500, FAILED)]
    provider.declines = False
    assert parts(await till.process(refund_id)) == [(500, DONE), (1500, DONE)]
    assert await code(till.process(refund_id)) == "refund_not_open"
    assert await till.shop.level("CAFE") == ("50.000", "0.000")
    found = await till.shop.sale(sale)
    assert (found.amount_refunded_q, found.payment_status) == (2000, PaymentStatus.PAYMENT_STATUS_REFUNDED)
    assert provider.done == ["open", "capture", "refund"]


async def test_what_a_provider_will_never_give_back_is_settled_by_hand_once(till: Till, provider: Acquirer) -> None:
    intent_id = await till.charge(1500)
    sale, item = await till.draft()
    await till.shop.complete(sale, ("cash", 500), ("card", 1500, intent_id))
    refund_id = await till.approved(sale, (item, "2"))
    assert await code(till.settle(refund_id)) == "nothing_declined"
    provider.declines = True
    await till.process(refund_id)
    codes = await asyncio.gather(*(code(till.settle(refund_id)) for _ in range(3)))
    assert sorted(codes) == ["", "nothing_declined", "nothing_declined"]
    [refund] = await till.refunds_of(sale)
    assert parts(refund) == [(500, DONE), (1500, DONE)]
    cash, card = refund.repayments
    assert (cash.settled_reason, card.settled_reason) == ("", "the card is closed: paid in cash")
    assert (card.error_code, card.error) == ("payment_declined", "the card is stolen")
    provider.declines = False
    assert await code(till.process(refund_id)) == "refund_not_open"
    assert ((await till.intent(intent_id)).refunded_q, provider.done) == (0, ["open", "capture"])
    told = await till.shop.rows(
        "select payment_id::text, after ->> 'reason' as reason from audit_log where refund_id = $1 and after ? 'state'",
        refund_id,
    )
    assert [tuple(row) for row in told] == [(card.payment_id, card.settled_reason)]


@pytest.mark.timeout(400)
async def test_a_sale_cancelled_by_a_service_that_is_killed_pays_its_card_back_once(
    till: Till, provider: Acquirer
) -> None:
    intent_id = await till.charge(2000)
    sale, _ = await till.draft()
    await till.shop.complete(sale, ("card", 2000, intent_id))
    provider.hangs = asyncio.Event()
    request = refunds_pb2.CancelSaleRequest(id=sale.id, reason="changed his mind")
    await till.shop.call(till.refunds.CancelSale, request)

    async def asked() -> bool:
        return "refund" in provider.done

    await eventually(asked, SECONDS)
    assert parts((await till.refunds_of(sale))[0]) == [(2000, SENT)]
    till.shop.counter.kill("sales")
    provider.hangs = None
    await asyncio.to_thread(till.shop.counter.start, "sales")
    # Half a minute later: whoever took it out has had time enough.
    await till.shop.rows("update payment_operations set due_at = now() where state = 'sent'")
    assert await till.paid_back(sale) == [(2000, DONE)]
    assert (await till.intent(intent_id)).refunded_q == 2000
    assert provider.done == ["open", "capture", "refund"]
