"""What something of ours is called in the ERP: products, and what each channel's orders are booked under."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kit.errors import Invalid

PRODUCT, CHANNEL, CATEGORY, ACCOUNT, STAGE, CUSTOMER = "product", "channel", "category", "account", "stage", "customer"
OF_CHANNEL = (CATEGORY, ACCOUNT, STAGE, CUSTOMER)
"""What an object of kind `channel` may hold."""
EVERY = "*"
"""Key that stands for every channel without a mapping of its own."""
SHAPES = {
    PRODUCT: re.compile(r"\S(.{0,58}\S)?"),
    CATEGORY: re.compile(r"\d{1,3}(\.\d{1,3}){0,4}"),
    ACCOUNT: re.compile(r"[1-9]\d{0,17}"),
    STAGE: re.compile(r"\d\d"),
    CUSTOMER: re.compile(r"[1-9]\d{0,17}"),
}
FIRST_STAGE = "10"
STAGES = {
    "processing": "20",
    **dict.fromkeys(("ready", "ready_to_ship", "dispatched", "shipped", "in_transit", "delivered", "completed"), "50"),
}
"""Stage to which an order moves with its status, unless mapped otherwise (omie-api.md 2.5): 20 to be picked, 50 to be invoiced."""


class Missing(Exception):
    """Mappings that are not there, each as kind and key."""

    def __init__(self, places: Sequence[tuple[str, str]]) -> None:
        super().__init__(places)
        self.places = places


@dataclass(frozen=True, slots=True)
class Mappings:
    """The mappings that matter to an order, by kind and key."""

    values: Mapping[tuple[str, str], Any]

    def of_channel(self, kind: str, channel: str) -> str:
        """Returns what the orders of a channel have of a kind; empty where nothing says it. A kind of its own goes first."""
        for key in (channel, EVERY):
            if value := self.values.get((kind, key)) or self.values.get((CHANNEL, key), {}).get(kind):
                return str(value)
        return ""

    def product(self, sku: str) -> str:
        """Returns the code that a SKU has in the ERP: the SKU itself unless mapped."""
        return str(self.values.get((PRODUCT, sku), sku))

    def first_stage(self, channel: str) -> str:
        """Returns the stage at which the orders of a channel are booked."""
        return self.of_channel(STAGE, channel) or FIRST_STAGE

    def stage(self, channel: str, status: str) -> str:
        """Returns the stage that belongs to a status; empty where it moves nothing in the ERP."""
        for key in (f"{channel}/{status}", f"{EVERY}/{status}"):
            if value := self.values.get((STAGE, key)):
                return str(value)
        return STAGES.get(status, "")


def checked(kind: str, value: Any) -> Any:
    """Returns a value as it is kept: text, or for a channel an object of texts. Raises Invalid(`invalid_mapping`)."""
    if kind != CHANNEL:
        return _text(kind, value)
    if not isinstance(value, Mapping) or not value or not set(value) <= set(OF_CHANNEL):
        raise Invalid("invalid_mapping", kind=kind, field="value")
    return {name: _text(name, each) for name, each in value.items()}


def _text(kind: str, value: Any) -> str:
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not SHAPES[kind].fullmatch(text):
        raise Invalid("invalid_mapping", kind=kind, field="value")
    return text
