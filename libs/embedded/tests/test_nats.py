"""nats-server from its wheel."""

import os
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest

from embedded import Nats
from embedded.nats import configure
from embedded.nats import url as url_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Nats]:
    with Nats(tmp_path) as running:
        yield running


async def publish(url: str) -> None:
    """Stores one message in a stream."""
    client = await nats.connect(url)
    jetstream = client.jetstream()
    await jetstream.add_stream(name="letters", subjects=["letters.*"])
    await jetstream.publish("letters.a", b"hello")
    await client.close()


async def count(url: str) -> int:
    """Counts the messages of the stream."""
    client = await nats.connect(url)
    try:
        return (await client.jetstream().stream_info("letters")).state.messages
    finally:
        await client.close()


async def test_the_directory_may_be_called_anything(tmp_path: Path) -> None:
    directory = tmp_path / os.fsdecode(b'a "b" \\u $HOME \xc3\xa7 \xff')
    with Nats(directory) as server:
        await publish(server.url)
    assert (directory / "jetstream").is_dir()


async def test_an_acknowledged_message_survives_a_restart(server: Nats) -> None:
    await publish(server.url)
    server.restart()
    assert await count(server.url) == 1


async def test_an_acknowledged_message_survives_a_kill(server: Nats) -> None:
    await publish(server.url)
    server.kill()
    assert server.pid is None
    server.start()
    assert await count(server.url) == 1


def test_the_password_stands_in_the_file_and_in_the_url(tmp_path: Path) -> None:
    file = configure(tmp_path, 4222, password="secret")
    assert '"password": "secret"' in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert url_of(4222, "secret") == "nats://comanda:secret@127.0.0.1:4222"
