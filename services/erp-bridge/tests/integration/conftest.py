"""A client of Omie's API in the test itself, each time with an empty gate, and the bridge seen by other businesses."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import bridged
import pytest
from bridged import BRANCH, CALLS, Bridge
from simulated import Simulator

from erp_bridge.omie.client import Omie
from erp_bridge.omie.gate import Gate
from kit import db
from kit.db import Database


@pytest.fixture
async def database(client_database: str) -> AsyncIterator[Database]:
    """The database, in which nobody has called anything yet."""
    pool = await db.connect(client_database, 8)
    for table in CALLS:
        await pool.execute(f"delete from {table}")
    yield Database(pool, lambda tx: False, lambda: None)
    await pool.close()


@pytest.fixture
async def client(omie: Simulator, database: Database) -> AsyncIterator[Omie]:
    """A client of the simulator."""
    account = bridged.settings(omie)
    made = Omie(account, Gate(database, account.account))
    yield made
    await made.close()


@pytest.fixture
def branch(branch_process: Simulator, bridge: Bridge) -> Simulator:
    """The simulator of the second account, empty."""
    branch_process.control("reset")
    return branch_process


@pytest.fixture
def stranger(bridge: Bridge) -> Bridge:
    """The same bridge, seen by a business without an account."""
    return replace(bridge, business=uuid4())


@pytest.fixture
async def second(stranger: Bridge, branch: Simulator) -> Bridge:
    """The same bridge, seen by the business of the second account."""
    assert await stranger.bind(BRANCH)
    return stranger
