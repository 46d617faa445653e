"""A process that takes messages and settles none; prints how many. Arguments: NATS, stream, durable, subject, seconds."""

import asyncio
import sys

from kit import streams
from kit.pull import Pull


async def main(url: str, stream: str, durable: str, subject: str, ack_wait: str) -> None:
    client = await streams.connect(url, "holder")
    async for batch in Pull(client, stream, durable, [subject], 50, float(ack_wait)).batches():
        print(len(batch), flush=True)
        await asyncio.sleep(600)


asyncio.run(main(*sys.argv[1:]))
