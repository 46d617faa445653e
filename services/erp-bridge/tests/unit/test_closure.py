"""What can be done about a purchase order that is open."""

from typing import Any

import pytest

from erp_bridge.domain import closure
from erp_bridge.domain.closure import Match


def head(sequence: int, product: int = 0) -> dict[str, Any]:
    """An item of a receipt."""
    return {"itensCabec": {"nSequencia": sequence, "nIdProduto": product}}


ORDER = [{"nCodItem": 71, "nCodProd": 5, "cCodIntItem": "A"}, {"nCodItem": 72, "nCodProd": 6, "cCodIntItem": "B"}]


@pytest.mark.parametrize(
    ("receipt", "item", "found"),
    [
        ([head(1, 6), head(2, 5), head(3, 9)], "", [Match(1, 72), Match(2, 71)]),
        ([head(1, 6), head(2, 5)], "001", [Match(2, 71)]),
        ([head(1, 6), head(2, 5)], "B", [Match(1, 72)]),
        ([head(1, 6), head(2, 5)], "72", [Match(1, 72)]),
        ([head(1)], "2", [Match(1, 72)]),
        ([head(1)], "", []),
        ([head(1, 5)], "nonsense", []),
        ([], "", []),
    ],
)
def test_items_match_by_product_or_when_they_are_the_only_ones(
    receipt: list[dict[str, Any]], item: str, found: list[Match]
) -> None:
    assert closure.matches(receipt, ORDER, item) == found


def test_the_instruction_says_what_to_do_where_and_why() -> None:
    text = closure.instruction("123", "", "NF-9", 77)
    assert all(word in text for word in ("123", "NF-9", "77", "Encerrar", "Pedidos de Compra"))
    assert "o item 001" in closure.instruction("123", "001", "NF-9", 77)
