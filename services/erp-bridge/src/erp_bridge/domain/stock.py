"""Stock here beside stock in the ERP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Position:
    """What the ERP says of a product."""

    id: int
    code: str
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Pair:
    """A product here and there; None where there is no such thing."""

    sku: str
    here: Decimal | None
    there: Position | None

    @property
    def difference(self) -> Decimal:
        """What lies here less what lies there."""
        return (self.here or NOTHING) - (self.there.balance if self.there else NOTHING)


def paired(here: Mapping[str, Decimal], there: Sequence[Position], codes: Mapping[str, str]) -> list[Pair]:
    """Returns every product of either side once, by SKU.

    `codes` says what a SKU is called there, by code or id, where that is something else.
    """
    known = {str(each.id): each for each in there} | {each.code: each for each in there}
    pairs = {sku: Pair(sku, balance, known.get(codes.get(sku, sku))) for sku, balance in here.items()}
    called = {code: sku for sku, code in codes.items()}
    matched = {pair.there.id for pair in pairs.values() if pair.there}
    for each in there:
        sku = called.get(each.code) or called.get(str(each.id)) or each.code
        if each.id not in matched and sku not in pairs:
            pairs[sku] = Pair(sku, None, each)
    return [pairs[sku] for sku in sorted(pairs)]
