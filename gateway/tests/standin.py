"""The gateway on a real socket, in front of stand-ins for every service of the contract, which a test can steer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, cast
from uuid import UUID

import grpc
import httpx
import uvicorn
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2_grpc

from comanda.sales.v1 import identity_pb2
from comanda.types.v1 import options_pb2
from gateway import https, routes
from gateway.__main__ import application, config
from gateway.app import Gateway
from gateway.settings import Settings
from gateway.upstream import Upstream
from kit import identity
from kit.errors import Unauthenticated
from kit.identity import Identity, Verifier
from kit.interceptors import Frame
from kit.server import OPTIONS, listen
from kit.testing import eventually
from kit.tls import Tls

API_KEY = "ck_test_key"
OWNER = Identity(UUID(int=7), options_pb2.ROLE_OWNER, "test")
KEY = identity.new_private_key()
ADDRESSES = ("orders_address", "inventory_address", "sales_address", "erp_address")
RATES = ("rate_reads_per_hour", "rate_modifications_per_minute", "rate_commits_per_minute", "rate_anonymous_per_hour")
PRIVATE = identity.private_key(KEY)


@dataclass
class Services:
    """Answers every RPC of the contract with an empty message, or as `on` says; keeps what it was asked.

    A stream is a list of messages, of events to wait for, and of exceptions to end by.
    """

    on: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, Any, dict[str, str]]] = field(default_factory=list)
    authenticated: int = 0
    checks: health.aio.HealthServicer = field(default_factory=health.aio.HealthServicer)

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        """Returns a handler for each service."""
        by_service = groupby(routes.methods(), key=lambda method: method.containing_service.full_name)
        return [
            grpc.method_handlers_generic_handler(service, {each.name: self._handler(each) for each in methods})
            for service, methods in by_service
        ]

    def _handler(self, method: MethodDescriptor) -> grpc.RpcMethodHandler:
        request = message_factory.GetMessageClass(method.input_type)
        response = message_factory.GetMessageClass(method.output_type)

        async def stream(message: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Message]:
            self.asked.append((method.name, message, dict(context.invocation_metadata() or ())))
            planned = self.on.get(method.name, [_empty_part(method)])
            if isinstance(planned, Exception):
                raise planned
            for each in planned:
                if isinstance(each, Exception):
                    raise each
                if isinstance(each, asyncio.Event):
                    await each.wait()
                else:
                    yield each

        async def answer(message: Any, context: grpc.aio.ServicerContext) -> Message:
            if method.name == "Authenticate":
                return self._authenticate(message)
            self.asked.append((method.name, message, dict(context.invocation_metadata() or ())))
            planned = self.on.get(method.name, response())
            if isinstance(planned, Exception):
                raise planned
            return planned if isinstance(planned, Message) else await planned(message, context)

        coding = (request.FromString, lambda message: message.SerializeToString())
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(stream, *coding)
        return grpc.unary_unary_rpc_method_handler(answer, *coding)

    def _authenticate(self, request: identity_pb2.AuthenticateRequest) -> Message:
        self.authenticated += 1
        if request.credential != API_KEY:
            raise Unauthenticated("unauthenticated", reason="the API key is not good")
        token, _ = identity.sign(OWNER, PRIVATE)
        return identity_pb2.AuthenticateResponse(identity_token=token)


def _empty_part(method: MethodDescriptor) -> Message:
    part: Any = message_factory.GetMessageClass(method.output_type)()
    for media_type in method.GetOptions().Extensions[options_pb2.rest].documents[:1]:
        part.document.content_type = media_type
    return cast(Message, part)


@dataclass
class House:
    """The running gateway, a client of it, and what stands behind it."""

    services: Services
    client: httpx.AsyncClient
    port: int
    server: grpc.aio.Server
    app: Gateway


@asynccontextmanager
async def behind(tls: Tls | None = None) -> AsyncIterator[tuple[Services, grpc.aio.Server, str]]:
    """Runs the stand-ins; also returns their address."""
    services = Services()
    server = grpc.aio.server(
        options=OPTIONS, interceptors=[Frame("standin", Verifier(identity.public_key_of(KEY)), {}, "en")]
    )
    server.add_generic_rpc_handlers(tuple(services.handlers()))
    health_pb2_grpc.add_HealthServicer_to_server(services.checks, server)
    address = f"127.0.0.1:{listen(server, '127.0.0.1:0', tls)}"
    await server.start()
    yield services, server, address
    await server.stop(None)


@asynccontextmanager
async def running(**more: Any) -> AsyncIterator[House]:
    """Runs a gateway with stand-ins behind it."""
    async with behind(Settings(**more).tls) as (services, standins, address):
        settings = Settings(**(dict.fromkeys(ADDRESSES, address) | dict.fromkeys(RATES, 1_000_000) | more))
        upstream = Upstream(settings)
        app = application(upstream, settings)
        shown = https.context(settings)
        server = uvicorn.Server(config(app, "127.0.0.1:0", shown))
        async with https.renewed(shown, settings):
            serving = asyncio.create_task(server.serve())
            await eventually(lambda: _started(server))
            port = server.servers[0].sockets[0].getsockname()[1]
            headers = {"authorization": f"Bearer {API_KEY}"}
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
                yield House(services, client, port, standins, app)
            server.should_exit = True
            await serving
        await upstream.close()


async def _started(server: uvicorn.Server) -> bool:
    return server.started
