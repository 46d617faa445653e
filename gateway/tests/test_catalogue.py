"""The page of events is what the contract says."""

from pathlib import Path

from gateway import catalogue

PAGE = Path(__file__).resolve().parents[2] / "docs" / "events.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == catalogue.document(), "run make events"


def test_an_event_says_when_it_comes_where_and_with_what() -> None:
    section = catalogue.document().partition("### OrderStatusChanged\n")[2].partition("\n### ")[0]
    assert section.split("\n\n")[0].strip() == "An order moved to another status."
    assert "`{prefix}.events.comanda.orders.events.v1.OrderStatusChanged.{business id}`" in section
    assert "| `previous_status` | string | Status before. |" in section
    assert '"seq": 1' in section


def test_a_directive_says_its_topic_and_who_does_it() -> None:
    section = catalogue.document().partition("### `stock.hold`\n")[2].partition("\n### ")[0]
    assert "executed by Inventory" in section
    assert "| `items[].sku` |" in section
