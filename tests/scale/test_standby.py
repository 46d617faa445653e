"""PostgreSQL's primary may die at any time when a standby has every commit: the services find the one that takes its place."""

import asyncio

import pytest

from comanda_cli.api import Api
from comanda_cli.testing import Fleet

from ..flow import Flow, failures, stored
from .conftest import Pair

pytestmark = pytest.mark.xdist_group("scale")


async def test_orders_survive_the_death_of_the_primary(wide_fleet: Fleet, api: Api, pair: Pair) -> None:
    flow = Flow(api)
    flowing = asyncio.create_task(flow.run())
    await flow.advances()
    before = restarts(wide_fleet)
    await asyncio.to_thread(pair.primary.kill)
    await asyncio.to_thread(pair.standby.promote)
    await flow.advances()
    flow.stopped = True
    await flowing
    assert await stored(wide_fleet, flow.acknowledged) == flow.acknowledged
    assert await failures(wide_fleet, 100) == []
    assert restarts(wide_fleet) == before


def restarts(fleet: Fleet) -> dict[str, int]:
    """How often each process was started again."""
    state = fleet.home.read("state")
    assert state
    return {each["name"]: each["restarts"] for each in state["processes"]}
