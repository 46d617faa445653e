"""Calls of the services behind the gateway."""

from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc

from comanda.sales.v1 import identity_pb2, identity_pb2_grpc
from gateway.routes import Route
from kit import client, status
from kit.errors import DomainError, Unauthenticated, Unavailable
from kit.exchange import Exchanged
from kit.settings import Settings

DEADLINE = 15.0
HEALTH_DEADLINE = 2.0


class Upstream:
    """Channels to every service, and what identity a credential stands for."""

    def __init__(self, settings: Settings) -> None:
        addresses = {
            "orders": settings.orders_address,
            "inventory": settings.inventory_address,
            "sales": settings.sales_address,
            "erp": settings.erp_address,
        }
        self._channels = {name: client.channel(address) for name, address in addresses.items() if address}
        self._calls: dict[str, Any] = {}
        authenticate = identity_pb2_grpc.IdentityServiceStub(self._channels["sales"]).Authenticate
        self._exchange = Exchanged.by(authenticate, identity_pb2.AuthenticateRequest)

    async def token(self, authorization: str) -> str:
        """Returns the identity token for an Authorization header; raises Unauthenticated."""
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() != "bearer" or not credential.strip():
            raise Unauthenticated("unauthenticated", reason="send Authorization: Bearer and an API key")
        return await self._exchange(credential.strip())

    async def call(
        self, route: Route, request: Message, metadata: list[tuple[str, str]]
    ) -> tuple[Message, Mapping[str, str]]:
        """Returns a method's answer and its trailing metadata; raises the service's domain error.

        An answer that is no planned refusal raises AioRpcError. Waiting that the request itself asks for extends the deadline.
        """
        wait: float = getattr(request, "wait_for_checks_ms", 0) / 1000
        call = self._method(route)(request, timeout=DEADLINE + wait, metadata=metadata)
        try:
            return await call, {key: str(value) for key, value in await call.trailing_metadata() or ()}
        except grpc.aio.AioRpcError as error:
            raise planned(error) from error

    def _method(self, route: Route) -> Any:
        if route.path not in self._calls:
            if route.context not in self._channels:
                raise Unavailable("unavailable", service=route.context)
            self._calls[route.path] = self._channels[route.context].unary_unary(
                route.path,
                request_serializer=route.request.SerializeToString,
                response_deserializer=route.response.FromString,
            )
        return self._calls[route.path]

    async def health(self) -> dict[str, str]:
        """Returns each service's health: `healthy` or `unhealthy`."""
        return {name: await self._health(channel) for name, channel in self._channels.items()}

    async def _health(self, channel: grpc.aio.Channel) -> str:
        stub: Any = health_pb2_grpc.HealthStub(channel)  # the stubs describe the synchronous one
        try:
            answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=HEALTH_DEADLINE)
        except grpc.aio.AioRpcError:
            return "unhealthy"
        return "healthy" if answer.status == health_pb2.HealthCheckResponse.SERVING else "unhealthy"

    async def close(self) -> None:
        """Closes the channels."""
        for channel in self._channels.values():
            await channel.close()


def planned(error: grpc.aio.AioRpcError) -> Exception:
    """Returns the domain error in an RPC's error, or the error itself where there is none."""
    rebuilt: DomainError | None = status.from_rpc_error(error)
    if rebuilt is None and error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
        return Unavailable("deadline_exceeded")
    return rebuilt or error
