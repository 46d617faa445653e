"""Calls to the services of a home as its operator: the home has the key that signs identities."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import grpc
from google.protobuf.message import Message

from comanda_cli.fleet import addresses, secrets
from comanda_cli.fleet.bootstrap import operator_token
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from kit import client
from kit.errors import DomainError
from kit.identity import NO_BUSINESS

T = TypeVar("T")
Stub = Callable[[grpc.aio.Channel], Any]


async def call(
    home: Home, service: str, stub: Stub, method: str, request: Message, business: UUID = NO_BUSINESS
) -> Any:
    """Calls a method of a service for a business, or for none; raises DomainError or grpc.RpcError."""
    token = operator_token(secrets.load(home), business)
    async with client.channel(addresses.kept(home).grpc[service]) as channel:
        return await client.call(getattr(stub(channel), method), request, token)


def run(work: Awaitable[T]) -> T:
    """Does the work; what a service or a database says against it becomes one line, a FleetError."""

    async def done() -> T:
        return await work

    try:
        return asyncio.run(done())
    except DomainError as error:
        raise FleetError(f"{error.code}: {error.message or error.context}") from error
    except grpc.RpcError as error:
        raise FleetError(f"a service does not answer (is it up? see `comanda status`): {_reason(error)}") from error
    except OSError as error:
        raise FleetError(f"the database cannot be reached (is it up? see `comanda status`): {error}") from error


def _reason(error: grpc.RpcError) -> str:
    return str(error.details()) if isinstance(error, grpc.aio.AioRpcError) else str(error)
