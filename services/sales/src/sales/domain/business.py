"""Businesses, which are the tenants, and the storefronts in which they sell."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Business:
    """A tenant."""

    business_id: UUID
    code: str
    name: str
    timezone: str
    currency: str
    created_at: datetime
    staff_discount_limit: Decimal = Decimal(10)
    """Percentage of a sale's prices that staff may give away."""
    manager_discount_limit: Decimal = Decimal(25)


@dataclass(frozen=True, slots=True)
class Storefront:
    """A place that sells."""

    code: str
    name: str
    timezone: str
    currency: str
    day_cutover_hour: int
    """Hour of the day, 0 to 23, at which its business day begins."""
    is_active: bool
    created_at: datetime
