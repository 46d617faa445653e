"""The ERP's ids of products, remembered for some minutes."""

import time
from collections.abc import Iterable
from uuid import UUID

from erp_bridge.omie import products
from erp_bridge.omie.client import Omie

KNOWN_SECONDS = 600.0
ABSENT_SECONDS = 5.0
"""How long it is believed that there is no such product: many orders may come that lack the same one."""
AT_ONCE = 50


class Products:
    """Finds products by the codes that people see."""

    def __init__(self, omie: Omie) -> None:
        self._omie = omie
        self._known: dict[tuple[UUID, str], tuple[float, int]] = {}

    async def ids(self, business: UUID, codes: Iterable[str]) -> dict[str, int]:
        """Returns the ids of those of the codes that there are. Raises OmieError."""
        wanted = sorted(set(codes))
        unknown = [code for code in wanted if self._remembered(business, code) is None]
        for start in range(0, len(unknown), AT_ONCE):
            await self._ask(business, unknown[start : start + AT_ONCE])
        found = {code: self._known[business, code][1] for code in wanted}
        return {code: product for code, product in found.items() if product}

    def forget(self, business: UUID) -> None:
        """Forgets what is known of a business's products: something of it may be wrong by now."""
        self._known = {key: value for key, value in self._known.items() if key[0] != business}

    def _remembered(self, business: UUID, code: str) -> int | None:
        until, product = self._known.get((business, code), (0.0, 0))
        return product if until > time.monotonic() else None

    async def _ask(self, business: UUID, codes: list[str]) -> None:
        known = next(
            (product for (owner, _), (_, product) in self._known.items() if owner == business and product), None
        )
        found = await products.ids(self._omie, codes, known)
        now = time.monotonic()
        for code in codes:
            product = found.get(code, 0)
            self._known[business, code] = (now + (KNOWN_SECONDS if product else ABSENT_SECONDS), product)
