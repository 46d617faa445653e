"""Stock here beside stock in the ERP."""

from decimal import Decimal

from erp_bridge.domain.stock import Position, paired


def test_every_product_of_either_side_is_there_once_whatever_it_is_called() -> None:
    here = {"A": Decimal(5), "B": Decimal("2.5"), "C": Decimal(1), "D": Decimal(0)}
    there = [
        Position(9000000001, "A", Decimal(4)),
        Position(9000000002, "X-B", Decimal("2.5")),
        Position(9000000003, "X-C", Decimal(3)),
        Position(9000000004, "E", Decimal(7)),
        Position(9000000005, "X-F", Decimal(2)),
    ]
    codes = {"B": "X-B", "C": "9000000003", "F": "X-F"}
    found = {
        pair.sku: (pair.here, pair.there.id if pair.there else 0, pair.difference)
        for pair in paired(here, there, codes)
    }
    assert found == {
        "A": (5, 9000000001, 1),
        "B": (Decimal("2.5"), 9000000002, 0),
        "C": (1, 9000000003, -2),
        "D": (0, 0, 0),
        "E": (None, 9000000004, -7),
        "F": (None, 9000000005, -2),
    }
