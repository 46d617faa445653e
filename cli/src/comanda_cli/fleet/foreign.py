"""Servers that exist already, as COMANDA_DATABASE_URL and COMANDA_NATS_URL name them."""

import asyncio
import os

from comanda_cli.fleet.errors import FleetError

POSTGRES = ("postgresql://", "postgres://")
LEADERLESS = 10008
"""JetStream's code for a cluster that is not available now."""


def check() -> None:
    """Raises FleetError, saying what to do, where a server cannot be meant or the broker cannot be used.

    Nothing else would say so before a minute of waiting. PostgreSQL answers when its databases are prepared.
    """
    database, broker = os.environ.get("COMANDA_DATABASE_URL"), os.environ.get("COMANDA_NATS_URL")
    if database and not database.startswith(POSTGRES):
        raise FleetError("COMANDA_DATABASE_URL is no URL like postgresql://postgres:password@host:5432/postgres")
    if broker:
        asyncio.run(_reach(broker))


async def _reach(url: str) -> None:
    from kit import streams  # late: it loads the client of NATS, which most starts do not need

    try:
        client = await streams.connect_once(url)
    except streams.NatsError as error:
        raise FleetError(
            f"COMANDA_NATS_URL names no server that lets us in ({error}): start it, or name another"
        ) from error
    try:
        await client.jetstream().account_info()
    except streams.NatsError as error:
        # A cluster that elects its leader keeps silent, or says so: the services wait for it.
        if not isinstance(error, TimeoutError) and getattr(error, "err_code", None) != LEADERLESS:
            raise FleetError(
                "COMANDA_NATS_URL names a server without JetStream: start it with -js, or name another"
            ) from error
    finally:
        await client.close()
