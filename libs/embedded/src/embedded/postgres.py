"""PostgreSQL from its wheel: its data directory, its postmaster in the foreground, and whether it is ready."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Literal, Self
from urllib.parse import quote

from embedded.account import Account, own, unprivileged
from embedded.binaries import postgres_major, postgres_programs
from embedded.errors import EmbeddedError
from embedded.ports import free_port
from embedded.server import Server
from embedded.tether import tethered

SUPERUSER = "postgres"
StopMode = Literal["fast", "immediate"]
STOP_SIGNALS: Mapping[StopMode, signal.Signals] = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    # In the data directory, which is the server's working directory: however deep it lies, the server can name it.
    "unix_socket_directories": ".",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",
    # Containers often have 64 MB of /dev/shm, which a parallel query overruns; small transactions gain nothing by it.
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
SOCKET_PATH_LIMIT = 107  # bytes, see unix(7)
VOLATILE: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def initialise(data: Path, password: str) -> None:
    """Makes a data directory (a cluster) at data, with scram passwords and the superuser `postgres`, if there is none.

    Raises EmbeddedError when data belongs to another major version or cannot be made.
    """
    if (data / "PG_VERSION").exists():
        check_version(data)
        return
    # Under another name first: a cluster that was only half made must not look like one.
    scratch = data.with_name(f"{data.name}.new")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700, parents=True)
    account = unprivileged()
    own(scratch, account)
    _initdb(scratch, password, account)
    scratch.rename(data)


def check_version(data: Path) -> None:
    """Raises EmbeddedError when the data directory was made by another major version of PostgreSQL."""
    found = (data / "PG_VERSION").read_text().strip()
    if found != str(postgres_major()):
        raise EmbeddedError(
            f"{data} is data of PostgreSQL {found} and this is {postgres_major()}: "
            "dump it with the old version, or use another home"
        )


def command(data: Path, port: int, settings: Mapping[str, str] | None = None) -> list[str]:
    """Returns the command that runs the postmaster in the foreground; its working directory must be data.

    When the process that runs this command dies, PostgreSQL shuts down by itself (fast).
    """
    account = unprivileged()
    chosen = {**SETTINGS, "port": str(port), **(settings or {})}
    options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
    postgres = postgres_programs(account) / "postgres"
    return tethered([postgres, "-D", _address(data, account), *options], signal.SIGINT, account)


def is_ready(port: int) -> bool:
    """Tells by a connection whether the server accepts connections."""
    program = postgres_programs(None) / "pg_isready"
    return subprocess.run([program, "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode == 0


def url(data: Path, port: int, password: str, database: str = "postgres", user: str = SUPERUSER) -> str:
    """Returns the connection URL of a database.

    It leads over the Unix socket in the data directory, which costs a third less CPU per statement than the loopback
    device does; over the latter when the socket's path is too long for a client.
    """
    directory = data.absolute()
    if len(os.fsencode(directory / f".s.PGSQL.{port}")) > SOCKET_PATH_LIMIT:
        return f"postgresql://{user}:{password}@127.0.0.1:{port}/{database}"
    return f"postgresql://{user}:{password}@/{database}?host={quote(str(directory))}&port={port}"


def _address(data: Path, account: Account | None) -> str:
    """Returns data as the account can name it.

    The directories above may be closed to the account (/root has mode 700). The working directory is inherited all the
    same, and its name in /proc leads straight to it.
    """
    return "/proc/self/cwd" if account else str(data)


def several(servers: "Sequence[Postgres]") -> str:
    """Returns the superuser's URL of whichever of the servers takes writes; they have one password."""
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    return f"postgresql://{SUPERUSER}:{servers[0].password}@{hosts}/postgres?target_session_attrs=read-write"


def _copy(data: Path, port: int, password: str) -> None:
    """Copies the running server at the port into a new data directory, which will follow that server."""
    account = unprivileged()
    data.mkdir(mode=0o700)
    own(data, account)
    source = ["--host", "127.0.0.1", "--port", str(port), "--username", SUPERUSER]
    _run("pg_basebackup", data, account, *source, "--checkpoint", "fast", "--write-recovery-conf", PGPASSWORD=password)


def _run(
    name: str, data: Path, account: Account | None, *options: str, stdin: IO[bytes] | None = None, **more: str
) -> None:
    """Runs one of PostgreSQL's programs on a data directory; raises EmbeddedError with its last line when it fails."""
    program = [str(postgres_programs(account) / name), "-D", _address(data, account), *options]
    environment = os.environ | {"LC_ALL": "C"} | more
    run = subprocess.run(
        tethered(program, signal.SIGKILL, account),
        cwd=data, stdin=stdin or subprocess.DEVNULL, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    if run.returncode != 0:
        reason = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise EmbeddedError(f"{name} failed in {data}: {reason}")


def _initdb(data: Path, password: str, account: Account | None) -> None:
    options = ["--username", SUPERUSER, "--auth", "scram-sha-256", "--pwfile", "/dev/stdin", "--encoding", "UTF8"]
    locale = ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"]
    with tempfile.TemporaryFile() as secret:
        secret.write(password.encode())
        secret.seek(0)
        if account:
            os.fchown(secret.fileno(), account.uid, account.gid)
        _run("initdb", data, account, *options, *locale, stdin=secret)


class Postgres:
    """A PostgreSQL server for tests and tools, in a directory of its own; a context manager.

    The port is chosen once and kept over restarts. Start it from a thread that outlives it (see embedded.tether).
    With durable=False a crash of the machine may lose data, and everything is faster.
    """

    def __init__(self, directory: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self._data = directory.resolve() / "data"
        self._settings = {"max_connections": "300", **({} if durable else VOLATILE), **(settings or {})}
        directory.mkdir(parents=True, exist_ok=True)
        self.password = _kept_password(directory / "password")
        self._server = Server("PostgreSQL", self._data, directory / "postgres.log")

    @property
    def url(self) -> str:
        """The superuser's URL of the database `postgres`."""
        return url(self._data, self.port, self.password)

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        return self._server.pid

    def start(self) -> None:
        """Starts the server and returns when it accepts connections; raises EmbeddedError with the reason if not."""
        initialise(self._data, self.password)
        self._server.start(command(self._data, self.port, self._settings), lambda: is_ready(self.port))

    def stop(self, mode: StopMode = "fast") -> None:
        """Ends the server: "fast" writes everything back, "immediate" leaves recovery to the next start."""
        self._server.end(STOP_SIGNALS[mode])

    def kill(self) -> None:
        """Kills every process of the server with SIGKILL."""
        self._server.kill()

    def standby(self, directory: Path) -> "Postgres":
        """Returns a copy of this running server, in a directory of its own, that follows it once it is started."""
        directory.mkdir(parents=True, exist_ok=True)
        _keep_password(directory / "password", self.password)
        other = Postgres(directory, settings=self._settings)
        _copy(other._data, self.port, self.password)
        return other

    def promote(self) -> None:
        """Lets a standby take writes; returns when it does."""
        _run("pg_ctl", self._data, unprivileged(), "promote")

    def restart(self, mode: StopMode = "fast") -> None:
        """Stops and starts the server, on the same port."""
        self.stop(mode)
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop("immediate")


def _kept_password(file: Path) -> str:
    if not file.exists():
        _keep_password(file, secrets.token_urlsafe(18))
    return file.read_text()


def _keep_password(file: Path, password: str) -> None:
    file.touch(mode=0o600)
    file.write_text(password)
