"""Identifiers: UUIDv7 inside, short unambiguous codes outside (spec 1A.1)."""

import os
import secrets
import time
from uuid import UUID

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def uuid7() -> UUID:
    """Returns a UUID of version 7 (RFC 9562): it grows with time to the millisecond, the rest is random."""
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def code(prefix: str, length: int) -> str:
    """Returns the prefix, a hyphen, and length characters that nobody confuses (no I, O, 0, 1)."""
    return f"{prefix}-{''.join(secrets.choice(ALPHABET) for _ in range(length))}"
