"""Lines as both sessions and orders store them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from orders.domain.session import Line


def line_of(stored: Mapping[str, Any]) -> Line:
    """Returns the line that a JSON object holds."""
    meta, price_q = stored["meta"], stored["unit_price_q"]
    return Line(stored["line_id"], stored["sku"], stored["name"], Decimal(stored["qty"]), price_q, meta)
