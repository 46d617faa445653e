"""The life of an order in the ERP."""

from enum import StrEnum

FIRST_PAUSE = 4.0
LONGEST_PAUSE = 600.0
CANCELLED_STATUS = "cancelled"


class State(StrEnum):
    """How far an order's record is."""

    PENDING = "pending"
    PROCESSING = "processing"
    CONFIRMED = "confirmed"
    """The ERP has the order as it is here."""
    CANCELLED = "cancelled"
    NEEDS_MAPPING = "needs_mapping"
    NEEDS_PERSON = "needs_person"
    FAILED = "failed"
    UNASKED = "unasked"
    """Only a status was heard of, nobody has asked to book the order."""


def pause(attempts: int) -> float:
    """Returns the seconds until an order is taken up again that a passing cause held up: 4, 8, 16, at most ten minutes."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** max(0, min(attempts, 20) - 1))
