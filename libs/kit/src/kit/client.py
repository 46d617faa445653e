"""Channels to other services: a deadline on every call, a retry where nothing was done, and the service's own errors."""

import json
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from kit import status, tracing
from kit.tls import Tls

DEADLINE = 10.0
IN_TURNS: dict[str, Any] = {"loadBalancingConfig": [{"round_robin": {}}]}
RETRIES = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                # Together longer than a channel waits before it looks again whether a process is back.
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}
OPTIONS = [
    ("grpc.enable_retries", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
]
Response = TypeVar("Response", bound=Message)


def channel(address: str, tls: Tls | None = None, *, repeat: bool = True) -> grpc.aio.Channel:
    """Opens a channel to all processes of a service; it connects when it is first used and reconnects by itself.

    The address is gRPC's: host:port, dns:///host:port for every address of a name, or ipv4:host:port,host:port for those that
    are listed. Calls go to the processes in turns, and to none that is away. With repeat=False gRPC repeats only what it knows
    to have reached nobody.
    """
    options = [("grpc.service_config", json.dumps({**IN_TURNS, **(RETRIES if repeat else {})})), *OPTIONS]
    if tls is None:
        return grpc.aio.insecure_channel(address, options=options)
    return grpc.aio.secure_channel(address, tls.calling(), options=options)


async def call(method: Any, request: Message, token: str = "", *, deadline: float = DEADLINE) -> Any:
    """Calls a stub's method as the bearer of the token and returns the response.

    Every call must be safe to repeat: UNAVAILABLE is retried. Raises the domain error that the service raised, or
    AioRpcError where it was none.
    """
    metadata = [("traceparent", tracing.traceparent())]
    if token:
        metadata.append(("authorization", f"Bearer {token}"))
    try:
        return await method(request, timeout=deadline, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        rebuilt = status.from_rpc_error(error)
        if rebuilt is None:
            raise
        raise rebuilt from error
