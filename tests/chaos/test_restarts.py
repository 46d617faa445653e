"""Any process may be killed while orders flow: what was acknowledged exists exactly once, and everything adds up afterwards."""

import asyncio
import os
import signal
import time

import pytest

from comanda_cli.api import Api
from comanda_cli.testing import Fleet
from kit.testing import eventually

from ..flow import CLIENTS, LONGEST_STALL, Flow, failures, healthy, pid_of, prepare, replaced, stored

pytestmark = pytest.mark.xdist_group("chaos")

VICTIMS = {
    "orders": signal.SIGKILL,
    "inventory": signal.SIGKILL,
    "sales": signal.SIGKILL,
    "gateway": signal.SIGKILL,
    "nats": signal.SIGKILL,
    # Its children share memory with it: this is how PostgreSQL itself crashes, and comes back by its log.
    "postgres": signal.SIGQUIT,
}


@pytest.mark.parametrize("victim", VICTIMS)
async def test_orders_survive_the_death_of(own_fleet: Fleet, victim: str) -> None:
    async with Api.of(own_fleet.home, CLIENTS) as api:
        await prepare(api)
        flow = Flow(api)
        flowing = asyncio.create_task(flow.run())
        await flow.advances()
        killed, began = pid_of(own_fleet, victim), time.monotonic()
        os.kill(killed, VICTIMS[victim])
        await eventually(lambda: replaced(own_fleet, victim, killed))
        await eventually(lambda: healthy(own_fleet))
        away = time.monotonic() - began
        await flow.advances()
        flow.stopped = True
        await flowing
    assert flow.slowest < away + LONGEST_STALL
    assert await stored(own_fleet, flow.acknowledged) == flow.acknowledged
    assert await failures(own_fleet) == []
