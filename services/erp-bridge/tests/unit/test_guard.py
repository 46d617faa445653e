"""What the simulator checks before it looks at a parameter, by its own clock (omie-api.md 3 and 8)."""

import pytest

from omie_simulator.clock import Clock
from omie_simulator.faults import Fault
from omie_simulator.guard import Guard, Place

KEY, SECRET, SERVICE = "APPKEY", "APPSECRET", "geral/anexo"
PLACE: Place = ("127.0.0.1", KEY, "ListarAnexo")


class Moved(Clock):
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0

    def seconds(self) -> float:
        """Returns what it was moved to."""
        return self.at


@pytest.fixture
def clock() -> Moved:
    """The clock."""
    return Moved()


@pytest.fixture
def guard(clock: Moved) -> Guard:
    """The guard."""
    return Guard(clock, KEY, SECRET)


def refusal(guard: Guard, place: Place = PLACE, secret: str = SECRET) -> int:
    """Asks to be let in; returns the HTTP status of the refusal, zero when there is none."""
    try:
        guard.admit(place, KEY, secret)
    except Fault as fault:
        return fault.status
    return 0


def test_one_method_takes_240_calls_in_any_minute_and_an_address_960(guard: Guard, clock: Moved) -> None:
    methods = ["A", "B", "C", "D"]
    for name in methods:
        assert [refusal(guard, ("h", KEY, name)) for _ in range(240)] == [0] * 240
        assert refusal(guard, ("h", KEY, name)) == 429
    assert refusal(guard, ("h", KEY, "E")) == 429
    assert refusal(guard, ("another", KEY, "E")) == 0
    clock.at = 59.9
    assert refusal(guard, ("h", KEY, "A")) == 429
    clock.at = 60.1
    assert refusal(guard, ("h", KEY, "E")) == 0


def test_a_block_comes_before_credentials_credentials_before_rates_and_rates_before_parallel_calls(
    guard: Guard,
) -> None:
    guard.of(PLACE).in_flight = 9
    assert refusal(guard) == 500
    for _ in range(240):
        refusal(guard)
    assert refusal(guard) == 429
    assert refusal(guard, secret="wrong") == 403
    for _ in range(10):
        guard.note_error(PLACE)
    assert refusal(guard, secret="wrong") == 425


@pytest.mark.parametrize("secret", [f"{SECRET} ", "", SECRET.lower()])
def test_credentials_are_compared_to_the_last_space(guard: Guard, secret: str) -> None:
    assert refusal(guard, secret=secret) == 403


def test_the_same_question_is_that_of_one_address_key_service_and_method_however_its_fields_are_ordered(
    guard: Guard, clock: Moved
) -> None:
    guard.ask(PLACE, SERVICE, {"nId": 1, "cTabela": "cliente"})
    for place, service, param in (
        (("another", *PLACE[1:]), SERVICE, {"nId": 1, "cTabela": "cliente"}),
        ((PLACE[0], "another", PLACE[2]), SERVICE, {"nId": 1, "cTabela": "cliente"}),
        ((*PLACE[:2], "another"), SERVICE, {"nId": 1, "cTabela": "cliente"}),
        (PLACE, "geral/outro", {"nId": 1, "cTabela": "cliente"}),
        (PLACE, SERVICE, {"nId": "1", "cTabela": "cliente"}),
    ):
        guard.ask(place, service, param)
    waits = []
    for clock.at in (0.0, 20.0, 59.0):
        with pytest.raises(Fault, match="Client-6") as fault:
            guard.ask(PLACE, SERVICE, {"cTabela": "cliente", "nId": 1})
        waits.append(int(fault.value.text.split("Aguarde ")[1].split()[0]))
    assert waits == [60, 40, 1]
    clock.at = 60.0
    guard.ask(PLACE, SERVICE, {"nId": 1, "cTabela": "cliente"})


def test_the_tenth_error_of_half_an_hour_blocks_one_method_of_one_key_at_one_address(
    guard: Guard, clock: Moved
) -> None:
    for clock.at in range(9):
        guard.note_error(PLACE)
    clock.at = 1801.0
    guard.note_error(PLACE)
    assert refusal(guard) == 0
    clock.at = 1802.0
    guard.note_error(PLACE)
    assert (refusal(guard), guard.blocks) == (0, 0)
    for _ in range(8):
        guard.note_error(PLACE)
    assert (refusal(guard), guard.blocks) == (425, 1)
    assert refusal(guard, ("another", *PLACE[1:])) == 0
    assert refusal(guard, (*PLACE[:2], "another")) == 0
    clock.at += 1799
    assert refusal(guard) == 425
    clock.at += 1801
    assert refusal(guard) == 0
