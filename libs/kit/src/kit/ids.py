"""Identifiers: UUIDv7 inside, short unambiguous codes outside (spec 1A.1)."""

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

# The driver's: a subclass of the standard one, several times as fast to make, to compare, and to print.
from asyncpg.pgproto.pgproto import UUID as QuickUUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def uuid7(at: datetime | None = None) -> UUID:
    """Returns a UUID of version 7 (RFC 9562): it grows with time (now, unless given) to the millisecond, the rest is random."""
    tail = bytearray(os.urandom(10))
    tail[0] = tail[0] & 0x0F | 0x70
    tail[2] = tail[2] & 0x3F | 0x80
    milliseconds = (at - EPOCH) // MILLISECOND if at else time.time_ns() // 1_000_000
    return QuickUUID(milliseconds.to_bytes(6) + tail)


def earliest(at: datetime) -> UUID:
    """Returns what no UUID of version 7 is below that is as young as that, to the millisecond."""
    return QuickUUID(_milliseconds(at) + bytes(10))


def latest(at: datetime) -> UUID:
    """Returns what no UUID of version 7 is above that is as old as that, to the millisecond."""
    return QuickUUID(_milliseconds(at) + b"\xff" * 10)


def _milliseconds(at: datetime) -> bytes:
    return min(max((at - EPOCH) // MILLISECOND, 0), 2**48 - 1).to_bytes(6)


def uuid(text: str) -> UUID:
    """Reads a UUID; raises ValueError."""
    return QuickUUID(text)


def code(prefix: str, length: int) -> str:
    """Returns the prefix, a hyphen, and length characters that nobody confuses (no I, O, 0, 1)."""
    return f"{prefix}-{''.join(ALPHABET[byte & 31] for byte in os.urandom(length))}"
