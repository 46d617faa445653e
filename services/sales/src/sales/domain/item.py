"""Items of a sale and their arithmetic (spec 1C.1; decision 33: line tax is in the line, once)."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from sales.domain import amounts
from sales.domain.customer import WHOLESALE


@dataclass(frozen=True, slots=True)
class Product:
    """What the inventory knows of a SKU at the moment. Amounts are minor units."""

    sku: str
    name: str
    retail_price_q: int
    wholesale_price_q: int
    cost_q: int

    def price_q(self, sale_type: str) -> int:
        """Returns the price for a type of sale; resellers pay the retail price where there is no other."""
        return price_q(sale_type, self.retail_price_q, self.wholesale_price_q)


@dataclass(frozen=True, slots=True)
class Item:
    """One item. Name, prices, and cost are those of the moment in which it was added."""

    id: UUID
    sku: str
    name: str
    quantity: Decimal
    unit_price_q: int
    price_is_named: bool
    """Whether the seller named the price, so that it does not follow the type of the sale."""
    retail_price_q: int
    wholesale_price_q: int
    unit_cost_q: int
    discount_percentage: Decimal
    discount_amount_q: int | None
    """An amount that was given; wins over the percentage."""
    tax_rate: Decimal

    @property
    def figures(self) -> "Figures":
        """What the item comes to."""
        return _figures(
            self.quantity, self.unit_price_q, self.discount_amount_q, self.discount_percentage, self.tax_rate
        )

    @property
    def gross_q(self) -> int:
        """Quantity times price."""
        return self.figures.gross_q

    @property
    def discount_q(self) -> int:
        """What is taken off."""
        return self.figures.discount_q

    @property
    def base_q(self) -> int:
        """What is left; never below zero."""
        return self.figures.base_q

    @property
    def tax_q(self) -> int:
        """Tax on the base."""
        return self.figures.tax_q

    @property
    def total_q(self) -> int:
        """Base plus tax."""
        return self.base_q + self.tax_q

    @property
    def total_profit_q(self) -> int:
        """What the item earns: its base less its cost."""
        return self.base_q - amounts.times(self.quantity, self.unit_cost_q)

    @property
    def profit_q(self) -> int:
        """What one unit earns."""
        return amounts.rounded(self.total_profit_q / self.quantity)

    @property
    def profit_margin(self) -> Decimal:
        """What the item earns as a percentage of its base."""
        return amounts.share(self.total_profit_q, self.base_q)


def price_q(sale_type: str, retail_price_q: int, wholesale_price_q: int) -> int:
    """Returns the price for a type of sale."""
    return (wholesale_price_q or retail_price_q) if sale_type == WHOLESALE else retail_price_q


class Figures(NamedTuple):
    """What an item comes to, in minor units."""

    gross_q: int
    discount_q: int
    base_q: int
    tax_q: int


# Everybody who looks at a sale asks for its items' figures again and again.
@lru_cache(10_000)
def _figures(
    quantity: Decimal, price_q: int, discount_q: int | None, percentage: Decimal, tax_rate: Decimal
) -> Figures:
    gross_q = amounts.times(quantity, price_q)
    taken_q = amounts.percent(gross_q, percentage) if discount_q is None else discount_q
    base_q = max(0, gross_q - taken_q)
    return Figures(gross_q, taken_q, base_q, amounts.percent(base_q, tax_rate))
