"""One program kept running: started again with back-off whenever it ends by itself."""

import asyncio
import logging
import signal
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from comanda_cli.fleet.plan import PATIENCE_SECONDS, Program

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 10.0
# Who has run this long was well, and starts again with the first delay.
WELL_SECONDS = 30.0

log = logging.getLogger("comanda")


class Child:
    """A program and its runs; changed is called after whatever a report shows has changed."""

    def __init__(self, program: Program, log_file: Path, changed: Callable[[], None]) -> None:
        self.program = program
        self.restarts = 0
        self._log_file = log_file
        self._changed = changed
        self._process: Process | None = None
        self._started_at = 0.0
        self._last_exit: str | None = None
        self._last_exit_at: float | None = None
        self._ending = asyncio.Event()

    async def keep(self) -> None:
        """Runs the program, again and again, until end() is called."""
        delay = FIRST_DELAY_SECONDS
        while not self._ending.is_set():
            began = time.monotonic()
            await self._run()
            if self._ending.is_set():
                return
            self.restarts += 1
            delay = FIRST_DELAY_SECONDS if time.monotonic() - began > WELL_SECONDS else delay
            log.warning("%s ended (%s); starting it again in %.1f s", self.program.name, self._last_exit, delay)
            await self._pause(delay)
            delay = min(2 * delay, LONGEST_DELAY_SECONDS)

    async def end(self) -> None:
        """Asks the program to end, and kills it when it does not; it is not started again."""
        self._ending.set()
        if not self._is_alive():
            return
        self._send(self.program.stop_signal)
        try:
            # Not wait_for, here and below: before Python 3.12 it loses a cancellation that comes just when the end does.
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._wait()
        except TimeoutError:
            log.warning("%s does not end; killing it", self.program.name)
            self._send(signal.SIGKILL)
            await self._wait()

    def report(self) -> dict[str, Any]:
        """Returns what `comanda status` shows; times are seconds since 1970."""
        alive = self._is_alive()
        return {
            "name": self.program.name,
            "pid": self._process.pid if self._process and alive else None,
            "state": "running" if alive else "ended" if self._ending.is_set() else "restarting",
            "started_at": self._started_at if alive else None,
            "restarts": self.restarts,
            "last_exit": self._last_exit,
            "last_exit_at": self._last_exit_at,
        }

    async def _run(self) -> None:
        try:
            self._process = await launch(self.program, self._log_file)
        except OSError as error:
            self._note_end(f"cannot start: {error.strerror}")
            return
        self._started_at = time.time()
        self._changed()
        self._note_end(describe_exit(await self._process.wait()))

    def _note_end(self, how: str) -> None:
        self._last_exit, self._last_exit_at = how, time.time()
        self._changed()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()

    def _is_alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def _send(self, what: signal.Signals) -> None:
        if self._process and self._is_alive():
            self._process.send_signal(what)

    async def _wait(self) -> None:
        if self._process:
            await self._process.wait()


async def launch(program: Program, log_file: Path) -> Process:
    """Starts a program as a process of its own session, its output appended to the log."""
    with log_file.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *program.argv,
            env=program.environment,
            cwd=program.directory,
            stdin=DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def describe_exit(code: int) -> str:
    """Says in words how a process ended."""
    if code >= 0:
        return f"exit status {code}"
    return f"killed by {signal.Signals(-code).name}" if -code in set(signal.Signals) else f"killed by signal {-code}"
