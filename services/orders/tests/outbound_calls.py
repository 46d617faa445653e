"""Real servers outside of the house, the courier, and how the tests look at what it does."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiosmtpd.smtp import SMTP, Envelope, Session
from order_calls import FREE, committed, document, line, make_channel, opened

from comanda.orders.v1 import directives_pb2, webhooks_pb2, webhooks_pb2_grpc
from kit import tasks
from kit.testing import eventually
from orders.outbound.courier import Courier
from orders.outbound.mail import Mailer
from orders.outbound.webhooks import Caller


@dataclass
class Listener:
    """A real HTTP server: it remembers what it is sent, and answers as it is told, path by path."""

    port: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    calls: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in head[1:] if each)}
        path = head[0].split(" ")[1]
        body = await reader.readexactly(int(headers["content-length"]))
        self.calls.append((path, headers, body))
        if path in self.silent:
            await reader.read()
        else:
            writer.write(f"HTTP/1.1 {self.answers.get(path, 200)} X\r\ncontent-length: 0\r\n\r\n".encode())
            await writer.drain()
        writer.close()

    def at(self, path: str) -> list[tuple[dict[str, str], dict[str, Any]]]:
        """The headers and bodies that a path was sent."""
        return [(headers, json.loads(body)) for called, headers, body in self.calls if called == path]

    def url(self, path: str) -> str:
        return f"http://localhost:{self.port}{path}"


@dataclass
class Mailbox:
    """A real SMTP server: it keeps the mail, and refuses whom it is told to."""

    port: int = 0
    mails: list[tuple[str, list[str], str]] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append((str(envelope.mail_from), list(envelope.rcpt_tos), content.decode()))
        return "250 OK"


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    found = Listener()
    # Where the name leads first, and nowhere else: it may stand for an IPv6 address, too, on a machine that has none.
    [where, *_] = await asyncio.get_running_loop().getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
    server = await asyncio.start_server(found.serve, where[4][0], 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


@asynccontextmanager
async def receiving_mail() -> AsyncIterator[Mailbox]:
    found = Mailbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(found), "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


@asynccontextmanager
async def courier(hub: Any, smtp: str = "", *, allow_private: bool = True) -> AsyncIterator[None]:
    caller = Caller(allow_private=allow_private)
    running = asyncio.ensure_future(
        Courier(hub.process.database, Mailer(smtp, "loja@example.com"), caller, poll_seconds=0.05).run()
    )
    yield
    await tasks.cancel([running])
    await caller.close()


def stub(hub: Any) -> Any:
    return webhooks_pb2_grpc.WebhookServiceStub(hub.upstream)


async def endpoint(hub: Any, url: str, *topics: str, token: str = "") -> Any:
    """Registers an address as it is in the table: RPCs refuse the private ones that tests have."""
    request = webhooks_pb2.CreateWebhookEndpointRequest(url=url, topics=topics)
    return (await hub.call(stub(hub).CreateWebhookEndpoint, request, token)).endpoint


async def asked(hub: Any, topic: str, payload: dict[str, Any], token: str = "", **fields: Any) -> str:
    request = directives_pb2.CreateDirectiveRequest(topic=topic, payload=document(payload), **fields)
    return str((await hub.call(hub.directives.CreateDirective, request, token)).directive.id)


async def directive(hub: Any, identifier: str, *statuses: str, attempts: int = 0, token: str = "") -> Any:
    """Returns the directive once it has one of the statuses, after so many attempts."""

    async def there() -> Any:
        request = directives_pb2.GetDirectiveRequest(id=identifier)
        found = (await hub.call(hub.directives.GetDirective, request, token)).directive
        return found if found.status in statuses and found.attempts >= attempts else None

    return await eventually(there)


async def deliveries(hub: Any, identifier: str) -> list[Any]:
    request = webhooks_pb2.ListDeliveriesRequest(directive_id=identifier)
    return list((await hub.call(stub(hub).ListDeliveries, request)).items)


async def delivery(hub: Any, identifier: str) -> Any:
    return (await hub.call(stub(hub).GetDelivery, webhooks_pb2.GetDeliveryRequest(id=identifier))).delivery


async def ordered(hub: Any, **data: Any) -> str:
    await make_channel(hub, config=FREE)
    session = await opened(hub, line("A"), data=document(data))
    ref: str = (await committed(hub, session.session_key, wait=0)).order_ref
    return ref


async def due_now(hub: Any) -> None:
    await hub.rows("update deliveries set due_at = now() where status = 'queued'")


async def registered(hub: Any, url: str, *topics: str, business: UUID | None = None) -> Any:
    """Registers an address over the API and then points it to a private one, which the API of this hub refuses."""
    made = await endpoint(hub, "http://8.8.8.8/", *topics, token=hub.token_for(business) if business else "")
    await hub.rows("update webhook_endpoints set url = $1 where id = $2", url, UUID(made.id))
    return made
