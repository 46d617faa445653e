"""A server as a child process: start and wait until it answers, signal, wait until it is gone."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from embedded.errors import EmbeddedError

POLL_SECONDS = 0.02
END_SECONDS = 30.0


class Server:
    """One run after the other of the same program; its output is appended to a log file."""

    def __init__(self, name: str, directory: Path, log: Path) -> None:
        self._name = name
        self._directory = directory
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self, argv: Sequence[str], ready: Callable[[], bool], timeout: float = 30.0) -> None:
        """Starts the program and returns when ready() says so.

        Raises EmbeddedError when it ends before, or is not ready within timeout seconds.
        """
        if self.pid:
            raise EmbeddedError(f"{self._name} runs already, as process {self.pid}")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                argv, cwd=self._directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | {"LC_ALL": "C"}, start_new_session=True,
            )  # fmt: skip
        self._wait_until(ready, time.monotonic() + timeout)

    def end(self, how: signal.Signals) -> None:
        """Sends the signal and waits for the end; what does not end in 30 seconds is killed."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kills the process and its children with SIGKILL, and returns when all of them are gone."""
        if self._process is None or self.pid is None:
            return
        family = [psutil.Process(self._process.pid), *psutil.Process(self._process.pid).children(recursive=True)]
        for member in family:
            # The parent's death ends the children too: who comes late finds them gone.
            _kill(member)
        self._process.wait()
        psutil.wait_procs(family, timeout=END_SECONDS)

    def _wait_until(self, ready: Callable[[], bool], deadline: float) -> None:
        while not ready():
            if self.pid is None:
                raise EmbeddedError(f"{self._name} did not start: {last_line(self._log)} (see {self._log})")
            if time.monotonic() > deadline:
                self.kill()
                raise EmbeddedError(f"{self._name} is not ready in time (see {self._log})")
            time.sleep(POLL_SECONDS)


def last_line(log: Path) -> str:
    """Returns the last line of a log that is not empty."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
