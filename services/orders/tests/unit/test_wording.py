"""An order's history in words."""

import pytest

from orders import wording
from orders.domain import history

MOVED = {"old_status": "new", "new_status": "confirmed", "reason": "paid"}


def test_everything_that_the_hub_writes_has_words_in_both_languages() -> None:
    written = {*history.RESERVED, history.NOTE_ADDED, history.NOTE_UPDATED, history.NOTE_DELETED}
    assert written == wording.ENTRIES.keys()
    assert not [kind for kind, text in wording.ENTRIES.items() if text.en == text.pt]


@pytest.mark.parametrize(
    ("kind", "payload", "language", "words"),
    [
        ("status_changed", MOVED, "en", "Order status changed from Novo to confirmed. Notes: paid"),
        ("status_changed", MOVED, "pt", "Status do pedido mudou de Novo para confirmed. Observações: paid"),
        ("note_added", {"preview": "ligar antes"}, "pt", "Nota adicionada. Observações: ligar antes"),
        ("fulfillment_created", {"number": "FUL-1", "assigned_to": ""}, "en", "Fulfilment FUL-1 begun"),
        ("payment.failed", {"error": "declined"}, "en", "Payment failed. Error: declined"),
        ("assigned", {"assigned_to": "new"}, "en", "Order assigned to new"),
        ("courier_called", {"reason": "late"}, "en", ""),
    ],
)
def test_an_entry_says_what_happened_and_statuses_as_the_channel_calls_them(
    kind: str, payload: dict[str, str], language: str, words: str
) -> None:
    assert wording.described(kind, payload, {"new": "Novo"}, language) == words
