"""PostgreSQL from its wheel."""

import asyncio
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from embedded import EmbeddedError, Postgres
from embedded.postgres import check_version, initialise


def ask(server: Postgres, question: str) -> object:
    """Runs a statement over a connection of its own, and returns its first value."""
    return asyncio.run(_ask(server.url, question))


async def _ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    server.start()
    yield server
    server.stop("immediate")


def test_it_is_version_18(postgres: Postgres) -> None:
    assert str(ask(postgres, "show server_version")).startswith("18")


def test_it_has_no_access_without_the_password(postgres: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(_ask(f"postgresql://postgres:wrong@127.0.0.1:{postgres.port}/postgres", "select 1"))


def test_its_clients_use_the_unix_socket_beside_its_data(postgres: Postgres) -> None:
    assert ask(postgres, "select inet_server_addr() is null") is True


def test_a_path_too_long_for_a_socket_leads_over_the_loopback_device(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 108)
    with Postgres(deep) as server:
        assert ask(server, "select host(inet_server_addr())") == "127.0.0.1"


def test_it_has_no_access_without_the_password_over_the_socket_either(postgres: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(_ask(re.sub(":[^:@/]+@", ":wrong@", postgres.url), "select 1"))


def test_its_password_is_for_its_owner_only(tmp_path: Path) -> None:
    Postgres(tmp_path)
    assert stat.S_IMODE((tmp_path / "password").stat().st_mode) == 0o600


def test_it_keeps_data_and_port_over_a_restart(postgres: Postgres) -> None:
    ask(postgres, "create table kept as select 1 as one")
    before = postgres.port
    postgres.restart()
    assert (postgres.port, ask(postgres, "select one from kept")) == (before, 1)


def test_what_committed_survives_a_kill_of_every_process(postgres: Postgres) -> None:
    ask(postgres, "create table survivor as select 2 as two")
    postgres.kill()
    assert postgres.pid is None
    postgres.start()
    assert ask(postgres, "select two from survivor") == 2


def test_it_is_durable_unless_told_otherwise(postgres: Postgres, tmp_path: Path) -> None:
    assert ask(postgres, "show fsync") == "on"
    with Postgres(tmp_path, durable=False) as volatile:
        assert ask(volatile, "show fsync") == "off"


def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    half = tmp_path / "data.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    initialise(tmp_path / "data", "secret")
    assert (tmp_path / "data" / "global" / "pg_control").exists()


def test_data_of_another_major_version_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 16 and this is 18.*another home"):
        check_version(tmp_path)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"did not start: .*shared_buffers"):
        Postgres(tmp_path, settings={"shared_buffers": "plenty"}).start()


def test_the_end_leaves_no_process(tmp_path: Path) -> None:
    with Postgres(tmp_path, durable=False) as server:
        assert server.pid
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children()]
    _, alive = psutil.wait_procs(family, timeout=100)
    assert alive == []
