"""A running bridge: a process of its own on a database of its own, called by gRPC with tokens."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import simulated
from grpc_health.v1 import health_pb2, health_pb2_grpc
from simulated import Simulator

from comanda.erp.v1 import (
    attachments_pb2,
    attachments_pb2_grpc,
    mappings_pb2,
    mappings_pb2_grpc,
    orders_pb2,
    orders_pb2_grpc,
    purchase_orders_pb2,
    purchase_orders_pb2_grpc,
    status_pb2,
    status_pb2_grpc,
    webhooks_pb2,
    webhooks_pb2_grpc,
)
from comanda.types.v1.options_pb2 import Role
from embedded.ports import free_port
from erp_bridge.settings import OmieSettings
from kit import client, identity
from kit.identity import NO_BUSINESS, Identity
from kit.testing import eventually

PRIVATE_KEY = identity.new_private_key()
WORK = ("attachment_transfers", "purchase_order_closures", "omie_accounts", "omie_webhooks", "erp_orders")
CALLS = ("omie_methods", "omie_leases", "omie_questions")
END_LEASES = (
    "update attachment_transfers set lease_until = now() where lease_until is not null",
    "update purchase_order_closures set lease_until = now() where lease_until is not null",
    "update erp_orders set lease_until = now() where lease_until is not null",
    "update omie_webhooks set next_at = now() where state = 'pending'",
    "delete from omie_leases",
)
"""What comes by itself some seconds after a process was killed."""
WEBHOOK_SECRET = "the-part-of-the-path-that-only-omie-knows"
BRANCH, BRANCH_KEY, BRANCH_SECRET = "branch", "BRANCHKEY", "another-part-of-the-path"
STUBS = {
    attachments_pb2: attachments_pb2_grpc.AttachmentServiceStub,
    mappings_pb2: mappings_pb2_grpc.MappingServiceStub,
    orders_pb2: orders_pb2_grpc.ErpOrderServiceStub,
    purchase_orders_pb2: purchase_orders_pb2_grpc.PurchaseOrderServiceStub,
    status_pb2: status_pb2_grpc.ErpServiceStub,
    webhooks_pb2: webhooks_pb2_grpc.WebhookServiceStub,
}


def token_of(role: int, business: UUID | None = None) -> str:
    """A token of a caller in a role."""
    who = Identity(business or uuid4(), role, "key:test")
    return identity.sign(who, identity.private_key(PRIVATE_KEY))[0]


@dataclass
class Bridge:
    """The running process and a channel to it."""

    environment: dict[str, str]
    process: "subprocess.Popen[bytes]"
    log: Path
    channel: Any = None
    business: UUID = NO_BUSINESS

    async def status(self, credential: str) -> status_pb2.GetErpStatusResponse:
        """Asks how the bridge is."""
        method = status_pb2_grpc.ErpServiceStub(self.channel).GetErpStatus
        answer: status_pb2.GetErpStatusResponse = await client.call(
            method, status_pb2.GetErpStatusRequest(), credential
        )
        return answer

    async def call(self, module: Any, name: str, business: UUID | None = None, **fields: Any) -> Any:
        """Calls a method of the contract as a manager."""
        request = getattr(module, f"{name}Request")(**fields)
        role = Role.ROLE_SERVICE if name == "BindAccount" else Role.ROLE_MANAGER
        token = token_of(role, business or self.business)
        return await client.call(getattr(STUBS[module](self.channel), name), request, token, deadline=30)

    async def bind(self, account: str = "") -> bool:
        """Makes an account the business's; tells whether it did."""
        return bool((await self.call(webhooks_pb2, "BindAccount", account=account)).bound)

    async def healthy(self) -> bool:
        """Asks for its health."""
        answer = await health_pb2_grpc.HealthStub(self.channel).Check(
            health_pb2.HealthCheckRequest(), wait_for_ready=True
        )
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def kill_and_start_again(self) -> None:
        """Kills the process at once and starts another on the same database, after the leases of the first have ended."""
        self.process.kill()
        self.process.wait()
        for statement in END_LEASES:
            await self.rows(statement)
        self.start_again()
        await eventually(self.healthy, 100)

    def start_again(self) -> None:
        """Starts another process on the same database."""
        self.process = _start(self.environment, self.log)

    async def rest(self) -> None:
        """Lets the bridge have no work, and finish the calls that it is about."""
        for table in WORK:
            await self.rows(f"delete from {table}")

        async def is_idle() -> bool:
            return not await self.rows("select from omie_leases where expires_at > now()")

        await eventually(is_idle)

    async def forget(self) -> None:
        """Makes the bridge forget what it has called."""
        for table in CALLS:
            await self.rows(f"delete from {table}")

    async def rows(self, statement: str, *arguments: Any) -> list[Any]:
        """Reads its database."""
        connection = await asyncpg.connect(self.environment["COMANDA_DATABASE_URL"])
        try:
            return list(await connection.fetch(statement, *arguments))
        finally:
            await connection.close()


def _start(environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as output:
        return subprocess.Popen([sys.executable, "-m", "erp_bridge"], env={**os.environ, **environment}, stderr=output)


@contextmanager
def running(environment: Mapping[str, str], directory: Path) -> Iterator[Bridge]:
    """Starts a bridge and kills it afterwards; whoever uses it gives it a channel and a business."""
    whole = {
        "COMANDA_LISTEN": f"127.0.0.1:{free_port()}",
        "COMANDA_SALES_ADDRESS": f"127.0.0.1:{free_port()}",
        "COMANDA_IDENTITY_PUBLIC_KEY": identity.public_key_of(PRIVATE_KEY),
        "COMANDA_POLL_SECONDS": "0.1",
        **environment,
    }
    started = Bridge(whole, _start(whole, directory / "log"), directory / "log")
    try:
        yield started
    finally:
        started.process.kill()
        started.process.wait()


@asynccontextmanager
async def visited(bridge: Bridge) -> AsyncIterator[Bridge]:
    """Opens a channel to a bridge, for a business that has nothing yet."""
    async with client.channel(bridge.environment["COMANDA_LISTEN"]) as channel:
        bridge.channel, bridge.business = channel, uuid4()
        await eventually(bridge.healthy, 60)
        yield bridge


def account(omie: Simulator) -> dict[str, str]:
    """What tells a bridge of the account in a simulator."""
    return {
        "OMIE_API_BASE_URL": f"{omie.base_url}/api/v1/",
        "OMIE_APP_KEY": simulated.KEY,
        "OMIE_APP_SECRET": simulated.SECRET,
        "OMIE_RETRY_BACKOFF_SECONDS": "0.05",
        "OMIE_PO_WATCH_SECONDS": "1",
        "OMIE_ORDER_LOOK_SECONDS": "3",
        "OMIE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }


def settings(omie: Simulator, **more: object) -> OmieSettings:
    """The same for a client that runs in the test."""
    values = {"app_key": simulated.KEY, "app_secret": simulated.SECRET, "api_base_url": f"{omie.base_url}/api/v1/",
              "retry_backoff_seconds": 0.05, "retry_jitter_ms": 0, **more}  # fmt: skip
    return OmieSettings.model_validate(values)


def further(branch: Simulator) -> dict[str, str]:
    """What tells a bridge of the account in another simulator besides, which has a call that closes purchase orders."""
    fields = {
        "app_key": BRANCH_KEY,
        "app_secret": simulated.SECRET,
        "webhook_secret": BRANCH_SECRET,
        "api_base_url": f"{branch.base_url}/api/v1/",
        "po_close_call": "FecharPedido",
        "po_close_endpoint": "produtos/requisicaocompra/",
        "po_close_status": "Fechado",
    }
    return {"OMIE_ACCOUNTS": json.dumps({BRANCH: fields})}
