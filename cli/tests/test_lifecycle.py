"""`comanda up`, `status`, `down`: real processes, a real PostgreSQL and NATS, stand-in services."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest

from comanda_cli.fleet import addresses, databases, ending, leftovers
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.health import service_is_healthy
from comanda_cli.fleet.home import Home
from embedded import Nats, Postgres

from .conftest import Shell, until


@pytest.fixture(scope="module")
def lasting(standins: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A home that several tests use, one after the other."""
    shell = Shell(Home(tmp_path_factory.mktemp("standing") / "home"), standins)
    yield shell
    ending.end(shell.home)


@pytest.fixture
def standing(lasting: Shell) -> Shell:
    """A fleet that is up; a test may leave it in any state from which it can be started again."""
    up(lasting)
    return lasting


def up(shell: Shell, *arguments: str, **more: str) -> None:
    """Starts the fleet, which must work."""
    run = shell.run("up", "--detach", *arguments, **more)
    assert run.returncode == 0, run.stdout + run.stderr


def status(shell: Shell) -> dict[str, dict[str, object]]:
    """The processes by name."""
    return {line["name"]: line for line in json.loads(shell.run("status", "--json").stdout)["processes"]}


def sql(url: str, statement: str) -> object:
    """Runs a statement and returns its first value."""

    async def run() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("host", "reached_at", "elsewhere"), [("127.0.0.2", "127.0.0.2", False), ("0.0.0.0", "127.0.0.1", True)]
)
def test_the_gateway_listens_where_it_is_told_to(shell: Shell, host: str, reached_at: str, elsewhere: bool) -> None:
    up(shell, "--host", host)
    base_url = urlsplit(shell.home.credentials()["base_url"])
    assert base_url.hostname == reached_at
    assert shell.run("status").returncode == 0
    assert answers("127.0.0.3", base_url.port) is elsewhere
    orders = addresses.kept(shell.home).grpc["orders"]
    assert not answers("127.0.0.3", int(orders.rpartition(":")[2]))


def answers(host: str, port: int | None) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection((host, int(port or 0)), 2).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_fleet_starts_reports_and_ends(shell: Shell) -> None:
    up(shell)
    lines = status(shell)
    assert list(lines) == [
        "supervisor", "postgres", "nats", "sales", "inventory", "orders", "erp-bridge", "omie-simulator", "gateway"
    ]  # fmt: skip
    assert {line["state"] for line in lines.values()} == {"healthy"}
    assert shell.run("status").returncode == 0
    assert "migrating comanda_orders" in shell.run("logs", "orders").stdout
    assert shell.run("down").stdout == "Everything has ended.\n"
    assert leftovers.members(shell.home) == []
    assert shell.run("status").returncode == 1
    assert "Nothing runs" in shell.run("down").stdout


@pytest.mark.xdist_group("standing")
def test_credentials_are_the_owners_only_and_last(standing: Shell) -> None:
    first = standing.home.credentials()
    assert first["business"] == "demo"
    for name in ("credentials", "secrets", "fleet"):
        assert (standing.home.path / f"{name}.json").stat().st_mode & 0o077 == 0
    standing.run("down")
    up(standing)
    assert standing.home.credentials() == first


@pytest.mark.xdist_group("standing")
def test_a_service_has_its_own_database_and_no_other(standing: Shell) -> None:
    own = addresses.kept(standing.home).databases["orders"]
    sql(own, "create table mine (id int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        sql(urlsplit(own)._replace(path="/comanda_sales").geturl(), "select 1")


@pytest.mark.xdist_group("standing")
def test_a_killed_service_and_a_killed_server_are_started_again_and_it_shows(standing: Shell) -> None:
    before = status(standing)
    for name in ("orders", "postgres", "nats"):
        os.kill(int(str(before[name]["pid"])), signal.SIGKILL)
    until(lambda: all(status(standing)[name]["restarts"] for name in ("orders", "postgres", "nats")))
    until(lambda: standing.run("status").returncode == 0)
    orders = status(standing)["orders"]
    assert orders["pid"] != before["orders"]["pid"]
    assert orders["last_exit"] == "killed by SIGKILL"


@pytest.mark.xdist_group("standing")
def test_a_supervisor_that_can_write_nothing_goes_on_and_writes_when_it_can(standing: Shell) -> None:
    killed = psutil.Process(int(str(status(standing)["sales"]["pid"])))
    file = standing.home.path / "state.json"
    # Nothing can take the place of a directory, as nothing can be written on a full disk.
    file.unlink()
    file.mkdir()
    killed.kill()
    until(lambda: service_is_healthy(addresses.kept(standing.home).grpc["sales"]) and not killed.is_running())
    file.rmdir()
    until(lambda: status(standing).get("sales", {}).get("pid") not in (None, killed.pid))


@pytest.mark.xdist_group("standing")
def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_recovers(standing: Shell) -> None:
    credentials = standing.home.credentials()
    sql(addresses.kept(standing.home).databases["orders"], "create table kept as select 1 as one")
    members = leftovers.members(standing.home)
    standing.supervisor().kill()
    assert psutil.wait_procs(members, timeout=100)[1] == []
    up(standing)
    assert standing.home.credentials() == credentials
    # Asked anew: a port that somebody else has taken meanwhile is given up for another.
    assert sql(addresses.kept(standing.home).databases["orders"], "select one from kept") == 1


@pytest.mark.xdist_group("standing")
def test_the_next_start_need_not_wait_for_a_killed_supervisors_servers(standing: Shell) -> None:
    standing.supervisor().kill()
    up(standing)
    assert standing.run("status").returncode == 0


@pytest.mark.xdist_group("standing")
def test_everything_killed_at_once_is_recovered(standing: Shell) -> None:
    leftovers.kill(leftovers.members(standing.home))
    # What a number in a stale file belongs to by now does not matter.
    (standing.home.postgres / "postmaster.pid").write_text(f"{os.getppid()}\n")
    up(standing)


@pytest.mark.xdist_group("standing")
def test_a_supervisor_that_hangs_is_ended_too(standing: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "REACTION_SECONDS", 0.3)
    monkeypatch.setattr(psutil.Process, "resume", lambda process: None)
    standing.supervisor().suspend()
    assert ending.end(standing.home)
    assert leftovers.members(standing.home) == []


@pytest.mark.xdist_group("standing")
def test_a_stopped_supervisor_ends_in_order(standing: Shell) -> None:
    standing.supervisor().suspend()
    assert standing.run("down").returncode == 0
    state = standing.home.read("state")
    assert state
    assert state["supervisor"]["state"] == "stopped"


@pytest.mark.xdist_group("standing")
def test_a_second_start_says_that_it_runs(standing: Shell) -> None:
    again = standing.run("up", "--detach")
    assert (again.returncode, "is up already" in again.stdout) == (0, True)
    foreground = standing.run("up")
    assert (foreground.returncode, "runs already" in foreground.stderr) == (1, True)


@pytest.mark.xdist_group("standing")
def test_two_homes_run_side_by_side(standing: Shell, shell: Shell) -> None:
    up(shell)
    assert shell.home.credentials()["base_url"] != standing.home.credentials()["base_url"]
    assert shell.run("down").returncode == 0
    assert standing.run("status").returncode == 0


BOUND = """
import sys, time
from pathlib import Path
from comanda_cli.fleet import starting
from comanda_cli.fleet.home import Home
running = starting.start(Home(Path(sys.argv[1])), None, print, bound=True)
print("started", flush=True)
time.sleep(600)
"""


def test_a_bound_fleet_ends_with_the_program_that_started_it(shell: Shell) -> None:
    argv = [sys.executable, "-c", BOUND, str(shell.home.path)]
    with subprocess.Popen(argv, env=shell.environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert any(line == "started\n" for line in process.stdout)
        process.kill()
    until(lambda: leftovers.members(shell.home) == [])


def test_in_the_foreground_the_interrupt_ends_everything(shell: Shell) -> None:
    with subprocess.Popen(shell.argv("up"), env=shell.environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        assert any("Comanda is up at http://127.0.0.1:" in line for line in lines)
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 0
    assert leftovers.members(shell.home) == []


def test_a_start_can_be_given_up_at_any_moment(shell: Shell) -> None:
    with subprocess.Popen(shell.argv("up"), env=shell.environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 0
    assert leftovers.members(shell.home) == []


def test_a_service_that_cannot_run_ends_the_start_with_its_reason(shell: Shell) -> None:
    run = shell.run("up", "--detach", STANDIN_BROKEN="inventory")
    assert run.returncode == 1
    assert "inventory ends again and again: the sky has fallen" in run.stderr
    assert leftovers.members(shell.home) == []
    assert "the sky has fallen" in shell.run("status").stdout


def test_servers_that_exist_are_used(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Postgres(tmp_path / "pg", durable=False) as postgres, Nats(tmp_path / "nats") as nats:
        up(shell, COMANDA_DATABASE_URL=postgres.url, COMANDA_NATS_URL=nats.url)
        assert not {"postgres", "nats"} & set(status(shell))
        assert sql(postgres.url, "select count(*) from pg_database where datname like 'comanda_%'") == 4
        shell.run("down")
        monkeypatch.setattr(databases, "OLDEST", 99)
        with pytest.raises(FleetError, match=r"the server is PostgreSQL 18, and 99 is the oldest that will do"):
            asyncio.run(databases.prepare(postgres.url, []))
