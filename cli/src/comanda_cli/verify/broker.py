"""What must be true of NATS: nobody lets messages lie."""

from nats.errors import Error
from nats.js.errors import APIError

from comanda_cli.fleet.errors import FleetError
from comanda_cli.verify.check import Check, Connections, Finding, Row
from kit import streams

STREAMS = ("events", "directives")


def check(url: str, prefix: str) -> Check:
    """Returns the check of the streams with a prefix on a server."""

    async def find(_: Connections) -> Finding:
        try:
            return await _unread(url, prefix)
        except (OSError, Error, APIError) as error:
            raise FleetError(f"NATS cannot be asked: {error}") from error

    return Check(
        "nats: every consumer reads what comes for it",
        (),
        find,
        "Messages wait, and the consumer takes none of them: its service is away, or stuck. See `comanda status` and its log.",
        settles=True,
    )


async def _unread(url: str, prefix: str) -> Finding:
    client = await streams.connect_once(url)
    try:
        consumers = [
            (stream, info)
            for stream in (f"{prefix}-{kind}" for kind in STREAMS)
            for info in await client.jetstream().consumers_info(stream)
        ]
    finally:
        await client.close()
    # One that reads has moved on when it is looked at again, and is another row then.
    wrong: list[Row] = [
        (("stream", stream), ("consumer", info.name), ("has_read_up_to", info.delivered and info.delivered.stream_seq))
        for stream, info in consumers
        if info.num_pending
    ]
    return Finding(len(consumers), wrong)
