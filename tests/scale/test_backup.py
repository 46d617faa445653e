"""A backup of a running system, restored into a new home: everything that was acknowledged before it, and books that add up."""

import asyncio
from pathlib import Path

import pytest

from comanda_cli.api import Api
from comanda_cli.fleet.home import Home
from comanda_cli.testing import Fleet, running

from ..flow import CLIENTS, Flow, failures, stored

pytestmark = pytest.mark.xdist_group("scale")


async def command(fleet: Fleet, *arguments: str) -> str:
    """Runs a subcommand, which must do what it is told."""
    done = await asyncio.to_thread(fleet.run, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_a_backup_made_while_orders_flow_is_whole(wide_fleet: Fleet, api: Api, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    flow = Flow(api)
    flowing = asyncio.create_task(flow.run())
    await flow.advances()
    before = dict(flow.acknowledged)
    await command(wide_fleet, "backup", str(file), "--settle", "100")
    await flow.advances()
    flow.stopped = True
    await flowing
    assert file.stat().st_mode & 0o077 == 0

    restored = Fleet(Home(tmp_path / "home"))
    await command(restored, "restore", str(file))
    with running(tmp_path):
        assert await stored(restored, before) == before
        assert await failures(restored, 100) == []
        async with Api.of(restored.home, CLIENTS, wide_fleet.api_key) as client:
            again = Flow(client)
            flowing = asyncio.create_task(again.run())
            await again.advances()
            again.stopped = True
            await flowing
        assert len(await stored(restored, {**before, **again.acknowledged})) == len(before) + len(again.acknowledged)
