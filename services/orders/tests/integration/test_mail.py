"""Notifications on a real SMTP server, tried again and given up, and what becomes of their directives."""

from datetime import timedelta
from typing import Any

import pytest
from outbound_calls import Mailbox, asked, courier, deliveries, delivery, directive, due_now, ordered

from comanda.orders.v1 import directives_pb2, notes_pb2, notes_pb2_grpc
from kit.testing import eventually


async def test_a_notification_is_mailed_to_the_customer_in_the_words_of_its_event(hub: Any, mailbox: Mailbox) -> None:
    ref = await ordered(hub, customer={"name": "Ana", "email": "ana@example.com"})
    async with courier(hub, f"smtp://127.0.0.1:{mailbox.port}"):
        for topic in ("notification.email", "notification.send"):
            identifier = await asked(hub, topic, {"event": "order.ready", "order_ref": ref, "channel": "email"})
            assert (await directive(hub, identifier, "done")).attempts == 1
    for sender, recipients, mail in mailbox.mails:
        assert (sender, recipients) == ("loja@example.com", ["ana@example.com"])
        assert f"Subject: Pedido {ref} pronto" in mail
    assert len(mailbox.mails) == 2


async def test_o_d2_mail_that_is_refused_for_now_is_tried_again_later_and_later_until_the_fifth_time(
    hub: Any, mailbox: Mailbox
) -> None:
    mailbox.refusals["ana@example.com"] = "451 come back later"
    async with courier(hub, f"smtp://127.0.0.1:{mailbox.port}"):
        identifier = await asked(hub, "notification.email", {"recipient": "ana@example.com"})
        for attempt, seconds in enumerate((2, 4, 8, 16), 1):
            found = await directive(hub, identifier, "queued", attempts=attempt)
            pause = found.available_at.ToDatetime() - found.updated_at.ToDatetime()
            assert pause == timedelta(seconds=seconds)
            assert (found.attempts, found.error_code) == (attempt, "mail_failed")
            await due_now(hub)
        found = await directive(hub, identifier, "failed")
        assert (found.attempts, "451" in found.last_error) == (5, True)
        [sent] = await deliveries(hub, identifier)
        log = (await delivery(hub, sent.id)).log
        assert [(each.attempt, each.response_code, each.error_code) for each in log] == [
            (attempt, 451, "mail_failed") for attempt in range(1, 6)
        ]
        del mailbox.refusals["ana@example.com"]
        await hub.call(hub.directives.RetryDirective, directives_pb2.RetryDirectiveRequest(id=identifier))
        found = await directive(hub, identifier, "done")
        assert (found.attempts, found.error_code, found.last_error) == (6, "", "")
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize(
    ("smtp", "payload", "code"),
    [
        (True, {"recipient": "nobody@example.com"}, "mail_refused"),
        (True, {}, "no_recipient"),
        (True, {"recipient": "a@b\nBcc: c@d"}, "invalid_recipient"),
        (False, {"recipient": "ana@example.com"}, "smtp_not_configured"),
        (False, {"recipient": "ana@example.com", "backend": "pigeon"}, "backend_not_found"),
    ],
)
async def test_o_n1_a_notification_that_can_never_arrive_fails_at_once_and_says_why(
    hub: Any, mailbox: Mailbox, smtp: bool, payload: dict[str, str], code: str
) -> None:
    mailbox.refusals["nobody@example.com"] = "550 no such user"
    async with courier(hub, f"smtp://127.0.0.1:{mailbox.port}" if smtp else ""):
        found = await directive(hub, await asked(hub, "notification.email", payload), "failed")
    assert (found.error_code, found.attempts) == (code, 1)
    assert mailbox.mails == []


async def test_m_9_a_customer_who_was_told_of_a_note_is_known_to_have_been(hub: Any) -> None:
    ref = await ordered(hub)
    notes = notes_pb2_grpc.NoteServiceStub(hub.upstream)
    request = notes_pb2.AddOrderNoteRequest(ref=ref, note="late by an hour", notify_customer=True)
    note = (await hub.call(notes.AddOrderNote, request)).note
    assert not note.HasField("notified_at")
    async with courier(hub):

        async def told() -> bool:
            found = (await hub.call(notes.GetNote, notes_pb2.GetNoteRequest(id=note.id))).note
            return bool(found.HasField("notified_at"))

        await eventually(told)
