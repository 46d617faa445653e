"""What a directive's payload says, as the message that its executor gets."""

from typing import Any

import pytest
from google.protobuf.json_format import ParseError

from comanda.inventory.directives.v1 import directives_pb2 as pb
from orders.operations.directives import read

PAYLOAD: dict[str, Any] = {"session_key": "S1", "rev": 2, "items": [{"sku": "A", "qty": "1.5"}]}
HOLD = pb.HoldStock(session_key="S1", rev=2, items=[{"sku": "A", "qty": "1.5"}])


@pytest.mark.parametrize(
    "payload",
    [PAYLOAD, {**PAYLOAD, "said": "nothing"}, {"sessionKey": "S1", "rev": "2", "items": [{"sku": "A", "qty": "1.5"}]}],
    ids=["as it is", "with more than the executor needs", "as JSON writes it"],
)
def test_a_payload_is_read_the_same_however_it_is_written(payload: dict[str, Any]) -> None:
    assert read("stock.hold", payload) == HOLD


def test_a_time_is_read_from_its_text() -> None:
    assert read("stock.hold", {**PAYLOAD, "ttl": "900s"}).ttl.seconds == 900


def test_what_is_of_another_type_is_refused() -> None:
    with pytest.raises(ParseError):
        read("stock.hold", {**PAYLOAD, "items": "none"})
