"""What cannot work is refused in one line that says what to do."""

import os
import socket
from pathlib import Path

import click
import pytest

from comanda_cli.backup import archive
from comanda_cli.fleet import foreign
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.options import HomeType, Source
from embedded import nats
from embedded.binaries import nats_server
from embedded.ports import free_port, is_free
from embedded.server import Server

from .conftest import Shell

NOBODY = 65534


def test_a_port_that_is_taken(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = shell.run("up", "--port", str(port))
    assert run.returncode == 1
    advice = "end the program that has it, or choose another one with --port"
    assert run.stderr == f"comanda: port {port} is taken: {advice}\n"


def test_a_host_that_is_no_address(shell: Shell) -> None:
    run = shell.run("up", "--host", "localhost")
    assert run.returncode == 2
    assert "localhost is no IP address" in run.stderr


def test_a_home_that_cannot_be_made() -> None:
    with pytest.raises(FleetError, match=r"cannot write to /proc/nowhere: .*use another --home"):
        Home(Path("/proc/nowhere")).prepare()


def test_a_home_of_another_user(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    os.chown(tmp_path, 1, 1)
    with pytest.raises(FleetError, match="belongs to daemon: be that user, or use another --home"):
        Home(tmp_path).prepare()


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(FleetError, match=r"cannot read .*/home: Not a directory; use another --home"):
        HomeType().convert(tmp_path / "home", None, None)


def test_a_home_that_this_user_cannot_read(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    tmp_path.chmod(0o700)
    os.seteuid(NOBODY)
    try:
        with pytest.raises(FleetError, match=r"belongs to|cannot read .*: Permission denied; use another --home"):
            HomeType().convert(tmp_path, None, None)
    finally:
        os.seteuid(0)


def test_a_file_that_can_be_read_only_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(click.BadParameter, match="write what comes out of it to a file, and name that"):
        Source().convert(tmp_path / "pipe", None, None)


def test_data_of_another_postgresql(shell: Shell) -> None:
    shell.home.postgres.mkdir(parents=True)
    (shell.home.postgres / "PG_VERSION").write_text("16\n")
    run = shell.run("up", "--detach")
    assert run.returncode == 1
    assert "is data of PostgreSQL 16 and this is 18" in run.stderr


def test_credentials_before_the_first_start(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="has no credentials: start it with `comanda up"):
        Home(tmp_path).credentials()


def test_credentials_that_say_nothing(shell: Shell) -> None:
    shell.home.prepare()
    shell.home.write("credentials", {})
    run = shell.run("customers", "list")
    advice = f"start it with `comanda up --home {shell.home.path}`"
    assert (run.returncode, run.stderr) == (1, f"comanda: {shell.home.path} has no credentials: {advice}\n")


def test_credentials_that_are_damaged(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text('{"base_url": ')
    with pytest.raises(FleetError, match=r"credentials\.json is damaged .*put it back, or use another --home"):
        Home(tmp_path).credentials()


def test_a_log_that_does_not_exist(shell: Shell) -> None:
    run = shell.run("logs", "kitchen")
    assert (run.returncode, run.stderr.startswith("comanda: no log of kitchen")) == (1, True)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("COMANDA_DATABASE_URL", "mysql://x", "COMANDA_DATABASE_URL is no URL like postgresql://"),
        ("COMANDA_NATS_URL", "nats://127.0.0.1:1,127.0.0.1:2", "COMANDA_NATS_URL names no server that lets us in"),
        ("COMANDA_NATS_URL", "nats://x:port", "COMANDA_NATS_URL names no server that lets us in"),
    ],
)
def test_a_server_that_cannot_be_meant_or_reached_is_refused_before_anything_starts(
    shell: Shell, variable: str, value: str, words: str
) -> None:
    run = shell.run("up", "--detach", **{variable: value})
    assert (run.returncode, run.stdout, run.stderr.startswith(f"comanda: {words}")) == (1, "", True)
    assert run.stderr.count("\n") == 1
    assert not shell.home.path.exists()


def test_a_broker_without_jetstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    server = Server("NATS", tmp_path, tmp_path / "log")
    server.start([str(nats_server()), "--addr", "127.0.0.1", "--port", str(port)], lambda: not is_free(port))
    monkeypatch.setenv("COMANDA_NATS_URL", f"nats://127.0.0.1:{port}")
    try:
        with pytest.raises(FleetError, match=r"a server without JetStream: start it with -js, or name another"):
            foreign.check()
    finally:
        server.kill()


def test_a_cluster_of_brokers_that_has_no_leader_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *_ = nats.cluster(tmp_path).values()
    with first:
        monkeypatch.setenv("COMANDA_NATS_URL", first.url)
        foreign.check()


def test_a_broker_that_does_not_know_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    server = Server("NATS", tmp_path, tmp_path / "log")
    server.start(nats.command(nats.configure(tmp_path, port, password="right")), lambda: nats.is_ready(port))
    monkeypatch.setenv("COMANDA_NATS_URL", nats.url(port, "wrong"))
    try:
        with pytest.raises(FleetError, match=r"no server that lets us in \(.*Authorization Violation"):
            foreign.check()
    finally:
        server.kill()


@pytest.mark.parametrize("arguments", [("logs",), ("import", "olist", __file__)])
def test_a_home_in_which_nothing_was_started(shell: Shell, arguments: tuple[str, ...]) -> None:
    run = shell.run(*arguments)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (1, "", 1)
    assert f"comanda up --home {shell.home.path}" in run.stderr


def test_a_backup_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match=r"cannot write to .*; name another FILE"):
        archive.writing(tmp_path / "nowhere" / "file").__enter__()


def test_only_one_holds_the_lock(tmp_path: Path) -> None:
    home = Home(tmp_path)
    descriptor = home.lock()
    assert descriptor is not None
    assert home.lock() is None
    assert home.is_running()
    os.close(descriptor)
    assert not home.is_running()
