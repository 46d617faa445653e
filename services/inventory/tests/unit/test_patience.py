"""A hold that takes over what another session gives up is tried again before a shortage is told."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from comanda.inventory.directives.v1.directives_pb2 import HoldStock, HoldStockResult, Shortage
from comanda.types.v1 import messaging_pb2
from inventory.handlers import patient
from kit.consumer import Received
from kit.directives import done

SHORT = HoldStockResult(shortages=[Shortage(sku="A")])


@pytest.mark.parametrize(
    ("result", "attempt", "patience", "tried_again"),
    [
        (SHORT, 1, 0, False),
        (SHORT, 1, 2, True),
        (SHORT, 2, 2, True),
        (SHORT, 3, 2, False),
        (HoldStockResult(), 1, 2, False),
    ],
)
def test_a_shortage_is_told_when_the_patience_is_used_up(
    result: HoldStockResult, attempt: int, patience: int, tried_again: bool
) -> None:
    asked = Received(
        UUID(int=1), HoldStock(patience=patience), "I", "session/S", datetime(2026, 11, 20, tzinfo=UTC), "D", attempt
    )
    settled = patient(asked, done(result))
    assert (settled.outcome == messaging_pb2.OUTCOME_RETRY) is tried_again
