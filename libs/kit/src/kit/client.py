"""Channels to other services: a deadline on every call, a retry where nothing was done, and the service's own errors."""

import json
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from kit import status, tracing

DEADLINE = 10.0
RETRIES = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.1s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)
OPTIONS = [
    ("grpc.service_config", RETRIES),
    ("grpc.enable_retries", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
]
Response = TypeVar("Response", bound=Message)


def channel(address: str) -> grpc.aio.Channel:
    """Opens a channel to host:port; it connects when it is first used and reconnects by itself."""
    return grpc.aio.insecure_channel(address, options=OPTIONS)


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
