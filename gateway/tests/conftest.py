"""Fixtures of the gateway's tests."""

from collections.abc import AsyncIterator

import pytest

from .standin import House, running


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """A gateway with stand-ins behind it."""
    async with running() as house:
        yield house
