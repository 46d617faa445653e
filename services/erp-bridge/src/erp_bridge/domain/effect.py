"""The life of an effect on the ERP: noted before the call, and not forgotten until somebody knows what became of it."""

from enum import StrEnum


class State(StrEnum):
    """How far an effect is."""

    PENDING = "pending"
    SENT = "sent"
    """The call went out; a process that was killed then leaves it so."""
    CONFIRMED = "confirmed"
    IN_DOUBT = "in_doubt"
    """The answer was lost: the ERP is to be asked."""
    FAILED = "failed"
    NEEDS_PERSON = "needs_person"
    """Only a person at the ERP's screen can go on."""


NEXT: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.SENT, State.CONFIRMED, State.FAILED, State.NEEDS_PERSON}),
    State.SENT: frozenset(State) - {State.PENDING},
    State.IN_DOUBT: frozenset({State.SENT, State.CONFIRMED, State.FAILED, State.NEEDS_PERSON}),
    # What was taken out of the ERP again may be wanted again.
    State.CONFIRMED: frozenset({State.SENT}),
    State.FAILED: frozenset({State.SENT, State.CONFIRMED}),
    State.NEEDS_PERSON: frozenset({State.SENT, State.CONFIRMED, State.FAILED}),
}


def sources(target: State) -> list[str]:
    """Returns the states from which an effect may come into this one."""
    return sorted(state for state, following in NEXT.items() if target in following)
