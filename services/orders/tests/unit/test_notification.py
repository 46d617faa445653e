"""What is said, to whom, and where a webhook may lead (O-N1)."""

import pytest

from orders.domain import notification
from orders.domain.delivery import kind_of
from orders.outbound import addresses
from orders.outbound.addresses import Private


def said(**payload: object) -> notification.Message:
    return notification.message(payload, "ORD-1", "ana@example.com")


def test_o_n1_an_event_with_a_template_is_told_in_its_words() -> None:
    message = said(event="order.ready")
    assert message.subject == "Pedido ORD-1 pronto"
    assert message.body == "O seu pedido ORD-1 está pronto."
    assert message.recipient == "ana@example.com"


def test_o_n1_missing_values_and_unknown_events_give_way_to_words_for_any_event() -> None:
    for payload in ({"event": "order.painted"}, {"event": "order.painted", "template": "preorder_reminder"}):
        assert said(**payload).body == "Há novidades sobre o pedido ORD-1: order.painted."
    assert said(template="preorder_reminder").subject == "Pedido ORD-1"
    context = {"customer_name": "Ana", "delivery_date": "2026-11-24", "delivery_time_slot": "manha"}
    assert "Ana" in said(template="preorder_reminder", context=context).body


def test_a_status_without_a_template_is_told_as_the_channel_calls_it() -> None:
    context = notification.context("shipped", {"shipped": "Enviada"}, {"order": "Venda"})
    message = said(event="order.shipped", context=context)
    assert (message.subject, message.body) == ("Venda ORD-1: Enviada", "Venda ORD-1: Enviada.")
    assert said(event="order.shipped", context=notification.context("shipped", {}, {})).subject == "Pedido ORD-1"


def test_what_a_caller_says_himself_wins_and_never_breaks_a_header() -> None:
    message = said(event="order.ready", recipient="rui@example.com", subject="Oi\r\nBcc: all@example.com", body="Texto")
    assert message == notification.Message("rui@example.com", "Oi Bcc: all@example.com", "Texto")


@pytest.mark.parametrize(
    ("topic", "payload", "kind"),
    [
        ("notification.send", {}, "console"),
        ("notification.email", {}, "email"),
        ("notification.send", {"channel": "email"}, "email"),
        ("notification.send", {"backend": "webhook", "channel": "email"}, "webhook"),
        ("notification.send", {"backend": "pigeon"}, "pigeon"),
        ("delivery.dispatch", {"backend": "email"}, "webhook"),
        ("kitchen.print", {}, "webhook"),
    ],
)
def test_o_n1_a_notification_goes_the_way_it_asks_for_and_everything_else_by_webhook(
    topic: str, payload: dict[str, str], kind: str
) -> None:
    assert kind_of(topic, payload) == kind


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "::1",
        "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "::",
    ],
)  # fmt: skip
def test_a_private_address_is_known_in_every_guise(address: str) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_a_public_address_may_be_called(address: str) -> None:
    assert addresses.is_public(address)


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com", "example.com", "http://", "http://user:pw@example.com", "http://[::1", "javascript:1", ""],
)
def test_what_is_no_address_of_a_webhook_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        addresses.parsed(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://localhost:9/", "https://[::1]/", "http://2130706433/", "http://0x7f.1/"]
)
async def test_a_url_that_leads_home_is_not_called_however_it_is_written(url: str) -> None:
    with pytest.raises(Private):
        await addresses.place(addresses.parsed(url), allow_private=False)
    assert await addresses.place(addresses.parsed(url), allow_private=True) in ("127.0.0.1", "::1")
