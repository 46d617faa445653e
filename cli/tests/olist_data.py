"""Lines in the format of the Olist file, made for a test."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

REAL = Path(__file__).parents[3] / "shared" / "data" / "olist" / "olist_orders_5000.jsonl.gz"
"""The real file, where the data lies beside the checkout; it is not part of the repository."""


def order(order_id: str, *rows: tuple[str, str], status: str = "delivered", **changes: Any) -> dict[str, Any]:
    """Returns an order with a row for each product and price."""
    return {
        "order_id": order_id,
        "status": status,
        "purchased_at": "2017-11-24 10:32:01",
        "approved_at": "2017-11-24 10:50:12",
        "delivered_carrier_at": None,
        "delivered_customer_at": None,
        "estimated_delivery_date": "2017-12-12",
        "customer": {
            "customer_id": f"c-{order_id}",
            "customer_unique_id": "person",
            "zip_prefix": "22410",
            "city": "rio de janeiro",
            "state": "RJ",
        },
        "items": [item(number, *row) for number, row in enumerate(rows, 1)],
        "payments": [{"sequential": 1, "type": "boleto", "installments": 1, "value": "10.00"}],
        **changes,
    }


def item(number: int, product_id: str, price: str, freight: str = "7.39") -> dict[str, Any]:
    """Returns one row of an order."""
    return {
        "order_item_id": number,
        "product_id": product_id,
        "category": "perfumaria",
        "weight_g": 610,
        "length_cm": None,
        "height_cm": 14,
        "width_cm": 16,
        "seller_id": "seller",
        "seller_zip_prefix": "25645",
        "seller_city": "petropolis",
        "seller_state": "RJ",
        "shipping_limit_at": "2017-11-30 10:50:12",
        "price": price,
        "freight": freight,
    }


def write(path: Path, lines: Iterable[dict[str, Any] | str], *, packed: bool = False) -> Path:
    """Writes records, or lines as they are, and returns the path."""
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    return path
