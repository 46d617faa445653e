"""What says who a customer is goes, and nothing else."""

from typing import Any

import pytest

from kit.merge_patch import merged
from orders.domain import person

CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"customer": {"id": "7"}, "delivery": {"date": "2026-11-22"}, "table": 3}, {}),
    ({"customer": {"id": "7", "name": "Ana", "phone": None}}, {"customer": {"name": None, "phone": None}}),
    ({"customer": "Ana", "delivery": ["Rua A, 1"]}, {"customer": None, "delivery": None}),
    ({"delivery": {"address": {"uf": "SP"}, "freight_q": 900}}, {"delivery": {"address": None}}),
    ({"delivery_address": "Rua A, 1", "shipping_address": {}}, {"delivery_address": None, "shipping_address": None}),
    ({"customer": None, "notes": "for Ana"}, {}),
]


@pytest.mark.parametrize(("data", "patch"), CASES)
def test_the_person_goes_and_all_else_stays(data: dict[str, Any], patch: dict[str, Any]) -> None:
    assert person.patch(data) == patch
    left = merged(data, patch)
    assert person.patch(left) == {}
    assert {name: left[name] for name in ("table", "notes") if name in data} == {
        name: data[name] for name in ("table", "notes") if name in data
    }
