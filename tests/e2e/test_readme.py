"""The README's lines do what it says, copied and pasted."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from comanda_cli.testing import Fleet

pytestmark = pytest.mark.xdist_group("fleet")

README = Path(__file__).resolve().parents[2] / "README.md"


def block_under(heading: str) -> str:
    """The first block of code under a heading."""
    found = re.search(rf"^## {re.escape(heading)}$.*?^```\w*\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_an_order_can_be_placed_by_hand(fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / ".comanda").symlink_to(fleet.home.path)
    program = ["bash", "-euo", "pipefail", "-c", block_under("Place an order by hand")]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, env=os.environ, timeout=60)
    assert done.returncode == 0, done.stderr
    product, _, channel, session, first, second, available, orders = map(json.loads, done.stdout.splitlines())
    assert (product["sku"], channel["code"], session["session_key"]) == ("CAFE", "web", "CART-1")
    assert first == second
    assert (first["status"], first["total_q"]) == ("committed", 1000)
    assert first["order_ref"] in [order["ref"] for order in orders["items"]]
    assert sum(float(item["available"]) for item in available["items"]) == 8
