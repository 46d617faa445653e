"""The supervisor: starts a fleet by its plan, keeps it running, and ends it in order.

It imports little, so that it stays small: what needs gRPC or a database is a step, in a process of its own.
"""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Awaitable
from itertools import groupby
from typing import Any

from comanda_cli.fleet.child import Child, describe_exit, launch
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.logfiles import last_words, rotate
from comanda_cli.fleet.plan import Plan, Program, Step

READY_SECONDS = 60.0
POLL_SECONDS = 0.03
FILES_SECONDS = 10.0
# A program that ends this often before the fleet is up will not come up.
HOPELESS_RESTARTS = 4

log = logging.getLogger("comanda")


class Supervisor:
    """Runs one fleet; its reports are in the home's `state`."""

    def __init__(self, home: Home, plan: Plan) -> None:
        self._home = home
        self._plan = plan
        self._children: list[Child] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._phase = "starting"
        self._error: str | None = None
        self._started_at = time.time()
        self._enough = asyncio.Event()
        self._is_reported = False

    async def run(self, up: asyncio.Event) -> None:
        """Starts everything, sets up, and returns when the fleet has ended, after stop().

        Raises FleetError when the start fails; everything is ended then too.
        """
        self._report()
        try:
            await self._unless_stopped(self._start())
            if not self._enough.is_set():
                self._enter("running")
                up.set()
            await self._enough.wait()
        except FleetError as error:
            self._error = str(error)
            raise
        finally:
            await self._end()

    def stop(self) -> None:
        """Lets run() end the fleet and return."""
        self._enough.set()

    async def _start(self) -> None:
        log.info("Starting %s", ", ".join(server.name for server in self._plan.servers) or "on servers that exist")
        servers = [self._keep(program) for program in self._plan.servers]
        await asyncio.gather(*(self._until_ready(server) for server in servers))
        for step in self._plan.steps:
            await self._take(step)
        log.info("Starting %s", ", ".join(service.name for service in self._plan.services))
        services = [self._keep(program) for program in self._plan.services]
        await self._first(self._take(self._plan.opening), self._until_hopeless(services))
        self._tasks.append(asyncio.create_task(self._look_after_files()))

    async def _unless_stopped(self, start: Awaitable[None]) -> None:
        await self._first(start, self._enough.wait())

    async def _first(self, *awaitables: Awaitable[Any]) -> None:
        """Waits for the first of them, cancels the others, and raises what it raised."""
        tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    def _keep(self, program: Program) -> Child:
        child = Child(program, self._home.log(program.name), self._report)
        self._children.append(child)
        self._tasks.append(asyncio.create_task(child.keep()))
        return child

    async def _until_ready(self, child: Child) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while child.program.is_ready and not await asyncio.to_thread(child.program.is_ready):
            self._despair_of(child)
            if time.monotonic() > deadline:
                raise FleetError(
                    f"{child.program.name} is not ready after {READY_SECONDS:.0f} s; {self._log_of(child)}"
                )
            await asyncio.sleep(POLL_SECONDS)

    async def _until_hopeless(self, children: list[Child]) -> None:
        while True:
            for child in children:
                self._despair_of(child)
            await asyncio.sleep(POLL_SECONDS)

    def _despair_of(self, child: Child) -> None:
        if child.restarts >= HOPELESS_RESTARTS:
            words = last_words(self._home.log(child.program.name))
            raise FleetError(f"{child.program.name} ends again and again: {words} ({self._log_of(child)})")

    def _log_of(self, child: Child) -> str:
        return f"see {self._home.log(child.program.name)}"

    async def _take(self, step: Step) -> None:
        log.info("%s", step.doing)
        runs = [asyncio.ensure_future(self._once(program)) for program in step.programs]
        try:
            await asyncio.gather(*runs)
        finally:
            # When one fails, the others are of no use.
            for run in runs:
                run.cancel()
            await asyncio.gather(*runs, return_exceptions=True)

    async def _once(self, program: Program) -> None:
        file = self._home.log(program.name)
        process = await launch(program, file)
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            if process.returncode is None:
                process.kill()
            raise
        if code != 0:
            raise FleetError(f"{program.name}: {last_words(file)} ({describe_exit(code)}; see {file})")

    async def _end(self) -> None:
        self._enter("stopping")
        log.info("Ending everything")
        ordered = sorted(self._children, key=lambda child: child.program.stop_rank)
        for _, children in groupby(ordered, key=lambda child: child.program.stop_rank):
            await asyncio.gather(*(child.end() for child in children))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._enter("failed" if self._error else "stopped")

    async def _look_after_files(self) -> None:
        while True:
            await asyncio.sleep(FILES_SECONDS)
            if not self._is_reported:
                self._report()
            try:
                rotate(self._home.logs)
            except OSError as error:
                log.warning("The logs cannot be rotated: %s", error)

    def _enter(self, phase: str) -> None:
        self._phase = phase
        self._report()

    def _report(self) -> None:
        supervisor = {"name": "supervisor", "pid": os.getpid(), "state": self._phase, "started_at": self._started_at}
        children = [child.report() for child in self._children]
        content = {"error": self._error, "supervisor": supervisor, "processes": children}
        try:
            self._home.write("state", content, durable=False)
        except OSError as error:
            # A full disk must not keep it from its work, which is to start again what that ends.
            log.warning("What runs cannot be written down: %s", error)
            self._is_reported = False
        else:
            self._is_reported = True


async def supervise(home: Home, plan: Plan, up: asyncio.Event) -> None:
    """Runs the fleet until SIGTERM, SIGINT or SIGHUP. Raises FleetError when it cannot be started."""
    supervisor = Supervisor(home, plan)
    for reason in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(reason, supervisor.stop)
    await supervisor.run(up)
