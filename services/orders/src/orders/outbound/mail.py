"""Sends notifications by e-mail."""

import asyncio
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

import aiosmtplib

from orders.domain import notification
from orders.domain.delivery import DELIVERED, Delivery, Outcome

SECONDS = 10.0
PORTS = {"smtp": 25, "smtps": 465}


class Mailer:
    """Hands mail to the server of a URL such as `smtp://user:password@host:587` (`smtps` for TLS from the start)."""

    def __init__(self, url: str, sender: str) -> None:
        self._server = urlsplit(url) if url else None
        self._sender = sender

    async def send(self, delivery: Delivery) -> Outcome:
        """Mails what a delivery says, and says how that ended; what the server refuses for good is final."""
        said = notification.message(delivery.payload, delivery.order_ref, delivery.customer_email)
        if self._server is None:
            return Outcome(error_code="smtp_not_configured", error="set COMANDA_SMTP_URL", final=True)
        if not said.recipient:
            return Outcome(error_code="no_recipient", error="neither recipient nor customer.email is known", final=True)
        try:
            # Well within the lease of a delivery: nobody else may send it meanwhile.
            async with asyncio.timeout(2 * SECONDS):
                await self._hand_over(self._mail(delivery, said))
        except ValueError as error:
            return Outcome(error_code="invalid_recipient", error=str(error), final=True)
        except (aiosmtplib.SMTPException, OSError) as error:
            return _failure(error)
        return DELIVERED

    def _mail(self, delivery: Delivery, said: notification.Message) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._sender, said.recipient, said.subject
        mail["Date"] = formatdate()
        # The same at every attempt, so that a mail that came twice is known as one.
        mail["Message-ID"] = f"<{delivery.id}@{self._sender.rpartition('@')[2]}>"
        mail.set_content(said.body)
        return mail

    async def _hand_over(self, mail: EmailMessage) -> None:
        assert self._server is not None, "asked before"
        await aiosmtplib.send(
            mail,
            hostname=self._server.hostname,
            port=self._server.port or PORTS[self._server.scheme],
            username=unquote(self._server.username) if self._server.username else None,
            password=unquote(self._server.password) if self._server.password else None,
            use_tls=self._server.scheme == "smtps",
            timeout=SECONDS,
        )


def _failure(error: Exception) -> Outcome:
    refused = error.recipients if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else []
    codes = [each.code for each in refused] or [getattr(error, "code", 0) or 0]
    final = all(500 <= code < 600 for code in codes)
    code = "mail_refused" if final else "mail_failed"
    return Outcome(max(codes), code, f"{type(error).__name__}: {error}", final)
