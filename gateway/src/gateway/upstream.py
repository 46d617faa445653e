"""Calls of the services behind the gateway."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import structlog
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc

from comanda.sales.v1 import identity_pb2, identity_pb2_grpc
from gateway import departure
from gateway.bodies import Receive
from gateway.routes import Route
from gateway.streaming import Stream
from kit import client, status
from kit.errors import DomainError, Invalid, Unauthenticated, Unavailable
from kit.exchange import Exchanged
from kit.settings import Settings

LOG = structlog.get_logger()
DEADLINE = 15.0
"""Seconds that a call may take; waiting that the request itself asks for comes on top."""
HEALTH_DEADLINE = 2.0

Metadata = Sequence[tuple[str, str]]


class Upstream:
    """Channels to every service, and the identity that a credential stands for.

    A call that may be repeated (a read, or a write with a key) goes over a channel that retries when a service is away for a
    moment; a write without a key goes over one that does not.
    """

    def __init__(self, settings: Settings) -> None:
        addresses = {
            "orders": settings.orders_address,
            "inventory": settings.inventory_address,
            "sales": settings.sales_address,
            "erp": settings.erp_address,
        }
        if missing := [name for name, address in addresses.items() if not address]:
            raise ValueError(f"set COMANDA_{missing[0].upper()}_ADDRESS to host:port of the {missing[0]} service")
        self._retrying = {name: client.channel(at, settings.tls) for name, at in addresses.items()}
        self._once = {name: client.channel(at, settings.tls, repeat=False) for name, at in addresses.items()}
        self._methods: dict[tuple[str, bool], Any] = {}
        authenticate = identity_pb2_grpc.IdentityServiceStub(self._retrying["sales"]).Authenticate
        self._exchange = Exchanged.by(authenticate, identity_pb2.AuthenticateRequest)

    async def token(self, authorization: str) -> str:
        """Returns the identity token for an Authorization header; raises Unauthenticated."""
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() != "bearer" or not credential.strip():
            raise Unauthenticated("unauthenticated", reason="Authorization: Bearer <API key>")
        try:
            return await self._exchange(credential.strip())
        except Invalid as error:
            raise Unauthenticated("unauthenticated", reason="the credential is too long to be one") from error

    async def call(
        self, route: Route, request: Message, metadata: Metadata, receive: Receive
    ) -> tuple[Message, Mapping[str, str]]:
        """Returns a method's answer and its trailing metadata.

        Raises the service's domain error, AioRpcError where it had none planned, and Gone when the client hangs up.
        """
        wait: float = getattr(request, "wait_for_checks_ms", 0) / 1000
        call = self._method(route, request)(request, timeout=DEADLINE + wait, metadata=metadata)
        try:
            with departure.watched(receive, call.cancel):
                answer = await call
        except grpc.aio.AioRpcError as error:
            raise planned(error) from error
        return answer, {key: str(value) for key, value in await call.trailing_metadata() or ()}

    async def stream(self, route: Route, request: Message, metadata: Metadata, receive: Receive) -> Stream:
        """Returns the stream of a method's answers, once the first has come; raises as `call` does."""
        call = self._method(route, request)(request, metadata=metadata)
        try:
            with departure.watched(receive, call.cancel):
                async with asyncio.timeout(DEADLINE):
                    return Stream(route, call, await call.read())
        except grpc.aio.AioRpcError as error:
            raise planned(error) from error
        except TimeoutError as error:
            call.cancel()
            raise Unavailable("deadline_exceeded") from error

    def _method(self, route: Route, request: Message) -> Any:
        repeatable = not route.key_field or bool(getattr(request, route.key_field))
        method = self._methods.get((route.path, repeatable))
        if method is None:
            channel = (self._retrying if repeatable else self._once)[route.context]
            kind = channel.unary_stream if route.streams else channel.unary_unary
            method = self._methods[route.path, repeatable] = kind(
                route.path,
                request_serializer=route.request.SerializeToString,
                response_deserializer=route.response.FromString,
            )
        return method

    async def health(self) -> dict[str, str]:
        """Returns each service's health: `healthy` or `unhealthy`."""
        states = await asyncio.gather(*map(_health, self._retrying.values()))
        return dict(zip(self._retrying, states, strict=True))

    async def close(self) -> None:
        """Closes the channels."""
        for channel in (*self._retrying.values(), *self._once.values()):
            await channel.close()


async def _health(channel: grpc.aio.Channel) -> str:
    stub: Any = health_pb2_grpc.HealthStub(channel)  # the stubs describe the synchronous one
    try:
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=HEALTH_DEADLINE)
    except grpc.aio.AioRpcError:
        return "unhealthy"
    return "healthy" if answer.status == health_pb2.HealthCheckResponse.SERVING else "unhealthy"


def planned(error: grpc.aio.AioRpcError) -> Exception:
    """Returns the domain error in an RPC's error, or the error itself where there is none."""
    rebuilt: DomainError | None = status.from_rpc_error(error)
    if isinstance(rebuilt, Unavailable) and not rebuilt.message:
        LOG.warning("service not reached", reason=error.details())
    if rebuilt is None and error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
        return Unavailable("deadline_exceeded")
    return rebuilt or error
