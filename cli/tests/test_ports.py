"""The ports of a home."""

import os
import socket
from pathlib import Path

import pytest

from comanda_cli.fleet import ports
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from embedded.ports import free_port


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


def test_the_gateways_port_is_looked_at_where_it_will_listen(tmp_path: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.2", port)):
        assert choose(home(tmp_path), port)["gateway"] == port
        for host in ("127.0.0.2", "0.0.0.0"):
            with pytest.raises(FleetError, match=f"port {port} is taken"):
                ports.choose(home(tmp_path), None, host)


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match=r"192\.0\.2\.1 is no address of this machine: name one that is with --host"):
        ports.choose(home(tmp_path), None, "192.0.2.1")
