"""The ports of a home."""

import os
import socket
from pathlib import Path

import pytest

from comanda_cli.fleet import ports
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home


def home(path: Path) -> Home:
    """A home that is ready to be started."""
    made = Home(path)
    made.prepare()
    return made


def choose(home: Home, wanted: int | None = None) -> ports.Ports:
    """Chooses and lets go of the ports."""
    chosen, held = ports.choose(home, wanted)
    for descriptor in held:
        os.close(descriptor)
    return chosen


def test_ports_last(tmp_path: Path) -> None:
    assert choose(home(tmp_path)) == choose(home(tmp_path))


def test_two_homes_that_start_at_the_same_time_get_different_ports(tmp_path: Path) -> None:
    chosen, held = ports.choose(home(tmp_path / "one"), None)
    other = choose(home(tmp_path / "other"))
    assert not set(chosen.values()) & set(other.values())
    for descriptor in held:
        os.close(descriptor)


def test_an_internal_port_that_is_taken_by_now_is_replaced(tmp_path: Path) -> None:
    first = choose(home(tmp_path))
    with socket.create_server(("127.0.0.1", first["orders"])):
        second = choose(home(tmp_path))
    assert second["orders"] != first["orders"]
    assert second["sales"] == first["sales"]


def test_the_gateways_port_is_never_replaced(tmp_path: Path) -> None:
    first = choose(home(tmp_path))
    with (
        socket.create_server(("127.0.0.1", first["gateway"])),
        pytest.raises(FleetError, match=f"port {first['gateway']} is taken"),
    ):
        choose(home(tmp_path))
