"""Three NATS servers keep every message three times: one of them may die at any time."""

import asyncio

import pytest

from comanda_cli.api import Api
from comanda_cli.testing import Fleet
from embedded import Nats
from kit import streams
from kit.testing import eventually

from ..flow import Flow, failures, stored

# To elect another leader takes the servers up to nine seconds, and a busy machine longer.
pytestmark = pytest.mark.xdist_group("scale")
STREAMS = ("comanda-events", "comanda-directives")


async def test_orders_survive_the_death_of_the_server_that_leads_their_events(
    wide_fleet: Fleet, api: Api, cluster: dict[str, Nats]
) -> None:
    flow = Flow(api)
    flowing = asyncio.create_task(flow.run())
    await flow.advances()
    leader = await leader_of(wide_fleet, STREAMS[0])
    await asyncio.to_thread(cluster[leader].kill)
    await flow.advances()
    flow.stopped = True
    await flowing
    assert await leader_of(wide_fleet, STREAMS[0]) != leader
    assert await stored(wide_fleet, flow.acknowledged) == flow.acknowledged
    assert await failures(wide_fleet, 100) == []

    cluster[leader].start()
    await eventually(lambda: complete(wide_fleet, len(cluster)), 100)


async def leader_of(fleet: Fleet, stream: str) -> str:
    """The name of the server that leads a stream, empty while there is none."""
    client = await streams.connect(fleet.addresses.nats_url, "test")
    try:
        found = (await client.jetstream().stream_info(stream)).cluster
    finally:
        await client.close()
    return (found and found.leader) or ""


async def complete(fleet: Fleet, size: int) -> bool:
    """Tells whether that many servers have all of every stream."""
    client = await streams.connect(fleet.addresses.nats_url, "test")
    try:
        states = [(await client.jetstream().stream_info(stream)).cluster for stream in STREAMS]
    except (streams.NatsError, TimeoutError):
        return False
    finally:
        await client.close()
    return all(state and [each.current for each in state.replicas or ()] == [True] * (size - 1) for state in states)
