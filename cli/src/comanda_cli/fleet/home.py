"""A home: the directory that holds all state of one installation."""

import fcntl
import json
import os
import pwd
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comanda_cli.fleet.errors import FleetError

LEAST_FREE_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True)
class Home:
    """Where things are in a home. Its small files are JSON, readable by their owner only, and replaced as a whole."""

    path: Path

    @property
    def logs(self) -> Path:
        """One log per process."""
        return self.path / "logs"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data directory."""
        return self.path / "postgres"

    @property
    def nats(self) -> Path:
        """NATS's configuration and streams."""
        return self.path / "nats"

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.logs / f"{name}.log"

    def read(self, name: str) -> dict[str, Any] | None:
        """Reads a small file (`credentials`, `secrets`, `ports`, `state`, `fleet`), or None if it is not there.

        Raises FleetError when it holds no JSON.
        """
        file = self.path / f"{name}.json"
        try:
            content: dict[str, Any] = json.loads(file.read_text())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise FleetError(f"{file} is damaged ({error}): put it back, or use another --home") from error
        return content

    def write(self, name: str, content: Mapping[str, Any], *, durable: bool = True) -> None:
        """Replaces a small file, so that a reader or a crash finds the old one or the new one, never a part."""
        scratch = self.path / f".{name}.{os.getpid()}"
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
            file.flush()
            if durable:
                os.fsync(file.fileno())
        scratch.replace(self.path / f"{name}.json")

    def credentials(self) -> dict[str, Any]:
        """Returns what a client needs: base_url, api_key, business, grpc. Raises FleetError before the first start."""
        found = self.read("credentials")
        if not found:
            raise FleetError(f"{self.path} has no credentials: start it with `comanda up --home {self.path}`")
        return found

    def check_readable(self) -> None:
        """Raises FleetError when this user cannot read what is there; nothing need be."""
        try:
            os.scandir(self.path).close()
        except FileNotFoundError:
            return
        except OSError as error:
            with suppress(OSError):
                self._check_owner()
            raise FleetError(f"cannot read {self.path}: {error.strerror}; use another --home") from error

    def prepare(self) -> None:
        """Makes the directories, or raises FleetError saying why this user cannot keep state here."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_owner()
            self.logs.mkdir(exist_ok=True)
            self.write("probe", {})
            (self.path / "probe.json").unlink()
        except OSError as error:
            raise FleetError(f"cannot write to {self.path}: {error.strerror}; use another --home") from error
        if (free := shutil.disk_usage(self.path).free) < LEAST_FREE_BYTES:
            raise FleetError(f"the disk of {self.path} is full ({free >> 20} MB left): make room or use another --home")

    def lock(self) -> int | None:
        """Takes the home for one supervisor and returns the descriptor that holds it, or None if another has it.

        The lock ends with the last process that has the descriptor open, so that no crash leaves it behind.
        """
        descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def is_running(self) -> bool:
        """Tells whether a supervisor has the home."""
        if not (self.path / ".lock").exists():
            return False
        descriptor = self.lock()
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is None

    def _check_owner(self) -> None:
        owner = self.path.stat().st_uid
        if owner != os.geteuid():
            raise FleetError(f"{self.path} belongs to {_account_name(owner)}: be that user, or use another --home")


def _account_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
