"""Buyers that do nothing but reserve, over gRPC."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from comanda.inventory.v1 import reservations_pb2 as pb
from comanda_cli.api import together
from kit import client

SEED = 20_261_121


@dataclass(slots=True)
class Buyers:
    """So many at a time, each reserving one unit after the other. Each call has a key of its own, as a careful caller's has."""

    stub: Any
    api_key: str
    clients: int
    asked: int = 0
    _choice: random.Random = field(default_factory=lambda: random.Random(SEED))

    async def buy(self, skus: Sequence[str], seconds: float) -> list[float]:
        """Reserves one of the SKUs, picked at random, again and again for so long; returns the seconds of each answer."""
        answers: list[float] = []
        end = time.perf_counter() + seconds

        async def one() -> None:
            while (began := time.perf_counter()) < end:
                await client.call(self.stub.CreateReservation, self._request(self._choice.choice(skus)), self.api_key)
                answers.append(time.perf_counter() - began)

        await together(one() for _ in range(self.clients))
        return answers

    def _request(self, sku: str) -> pb.CreateReservationRequest:
        self.asked += 1
        return pb.CreateReservationRequest(
            owner_type=pb.OWNER_TYPE_CART,
            owner_ref=f"C{self.asked}",
            lines=[pb.ReservationLine(sku=sku, qty="1")],
            request_id=f"bench-{self.asked}",
        )
