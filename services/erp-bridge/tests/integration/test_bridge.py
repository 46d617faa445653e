"""The bridge as a process of its own, with nobody to identify API keys: tokens are enough."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import metadata
from types import ModuleType
from uuid import uuid4

import bridged
import pytest
from bridged import Bridge, token_of

import erp_bridge
from comanda.erp.v1 import attachments_pb2
from comanda.types.v1.options_pb2 import Role
from erp_bridge.tables import METADATA
from kit import migrations
from kit.errors import Forbidden, Refused, Unavailable


@pytest.fixture(scope="module")
def lonely_process(bridge_database: str, nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """A bridge without an account."""
    environment = {
        "COMANDA_DATABASE_URL": bridge_database,
        "COMANDA_NATS_URL": nats_url,
        "COMANDA_STREAM_PREFIX": f"test-{uuid4().hex[:12]}",
    }
    with bridged.running(environment, tmp_path_factory.mktemp("lonely")) as running:
        yield running


@pytest.fixture
async def bridge(lonely_process: Bridge) -> AsyncIterator[Bridge]:
    """The bridge without an account, seen by a business."""
    async with bridged.visited(lonely_process) as visited:
        yield visited


async def test_the_bridge_tells_its_version_and_that_no_account_is_configured(bridge: Bridge) -> None:
    told = await bridge.status(token_of(Role.ROLE_MANAGER))
    assert (told.version, told.configured) == (metadata.version("comanda-erp-bridge"), False)


async def test_without_an_account_work_is_refused_with_what_is_missing(bridge: Bridge) -> None:
    with pytest.raises(Refused, match="erp_not_configured"):
        await bridge.call(attachments_pb2, "TransferAttachments", origem_id=1, destino_id=2)


async def test_staff_has_nothing_to_do_with_the_bridge(bridge: Bridge) -> None:
    with pytest.raises(Forbidden):
        await bridge.status(token_of(Role.ROLE_STAFF))


async def test_an_api_key_that_cannot_be_checked_is_neither_believed_nor_called_wrong(bridge: Bridge) -> None:
    with pytest.raises(Unavailable):
        await bridge.status("ck_key_of_a_service_that_is_away")


async def test_the_bridge_drains_when_it_is_asked_to_end(bridge: Bridge) -> None:
    bridge.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(bridge.process.wait) == 0
    bridge.start_again()


def test_the_tables_equal_the_migrations_there_and_back(new_database: Callable[[ModuleType], str]) -> None:
    url = new_database(erp_bridge)
    assert migrations.differences(erp_bridge, url, METADATA) == []
    migrations.downgrade(erp_bridge, url, "base")
    migrations.upgrade(erp_bridge, url)
    assert migrations.differences(erp_bridge, url, METADATA) == []
