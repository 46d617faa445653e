"""Two processes of each service and two gateways share the work, and one of each may die at any time."""

import asyncio
import os
import signal
from functools import partial

import httpx
import pytest

from comanda_cli.api import Api
from comanda_cli.fleet.services import GATEWAY, SERVICES, processes
from comanda_cli.testing import Fleet
from kit.testing import eventually

from ..flow import Flow, failures, pid_of, replaced, stored

pytestmark = pytest.mark.xdist_group("scale")

NAMES = [*(service.name for service in SERVICES), GATEWAY]


# A read of every service: clients of the flow do not come to all of them.
READS = ("/api/v1/business", "/api/v1/stock", "/api/v1/orders", "/api/v1/erp/status")
ANSWERED = ("comanda_rpc_seconds_count", "comanda_http_seconds_count")


async def test_the_processes_of_a_service_share_the_calls(wide_fleet: Fleet, api: Api) -> None:
    # The kernel deals out connections: each request is to have one of its own.
    headers = {"authorization": f"Bearer {wide_fleet.api_key}", "connection": "close"}

    async def idle(client: httpx.AsyncClient) -> list[str]:
        """Calls every service, and returns the processes that have answered nothing yet."""
        for path in READS:
            (await client.get(wide_fleet.addresses.base_url + path, headers=headers)).raise_for_status()
        pages = {name: await client.get(f"http://{at}/") for name, at in wide_fleet.addresses.metrics.items()}
        return [name for name, page in pages.items() if not any(map(has_answered, page.text.splitlines()))]

    async with httpx.AsyncClient() as client:

        async def shared() -> bool:
            return not await idle(client)

        await eventually(shared, 100)
        assert len(wide_fleet.addresses.metrics) == 2 * len(NAMES)


def has_answered(line: str) -> bool:
    """Tells whether a line of a page of metrics counts calls."""
    return line.startswith(ANSWERED) and float(line.rpartition(" ")[2]) > 0


async def test_orders_survive_the_death_of_one_process_of_each_service_at_once(wide_fleet: Fleet, api: Api) -> None:
    flow = Flow(api)
    flowing = asyncio.create_task(flow.run())
    for number in range(2):
        await flow.advances()
        killed = {name: pid_of(wide_fleet, name) for name in (processes(each, 2)[number] for each in NAMES)}
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)
        for name, pid in killed.items():
            await eventually(partial(replaced, wide_fleet, name, pid), 100)
    await flow.advances()
    flow.stopped = True
    await flowing
    assert await stored(wide_fleet, flow.acknowledged) == flow.acknowledged
    assert await failures(wide_fleet, 100) == []
