"""`comanda demo`, which `make run` calls."""

import signal
import subprocess
from pathlib import Path

import pytest

from comanda_cli.fleet import leftovers
from comanda_cli.fleet.home import Home
from comanda_cli.testing import Fleet

pytestmark = pytest.mark.xdist_group("demo")


def test_a_first_order_goes_through_and_ctrl_c_ends_everything(tmp_path: Path) -> None:
    fleet = Fleet(Home(tmp_path / "home"))
    with subprocess.Popen(fleet.argv("demo"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo:
        assert demo.stdout
        shown = []
        for line in demo.stdout:
            shown.append(line)
            if "until you press Ctrl-C" in line:
                break
        text = "".join(shown)
        assert "3. Inventory holds them" in text, text
        assert "88.000 there, 0.000 held, 88.000 to sell" in text
        assert str(fleet.home.path / "credentials.json") in text
        assert text.count("  curl ") == 3
        assert "/docs" in text
        again = fleet.run("demo")
        assert again.returncode == 0, again.stderr
        assert "76.000 there" in again.stdout
        assert "stays so" in again.stdout
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=300)
    assert demo.returncode == 0
    assert leftovers.members(fleet.home) == []
