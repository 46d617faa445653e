"""The README's lines do what it says, copied and pasted."""

import json
import os
import re
import shutil
import subprocess
import sys
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
def test_a_credit_sale_can_be_made_paid_and_refunded_by_hand(fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / ".comanda").symlink_to(fleet.home.path)
    lines = "\n".join(block_under("Place an order by hand").splitlines()[:3])
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    program = ["bash", "-euo", "pipefail", "-c", f"{lines}\n{block_under('Sell at the counter')}"]
    done = subprocess.run(
        program, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PATH": path}, timeout=300
    )
    assert done.returncode == 0, done.stderr
    *_, completed, payment, approved, processed, sale, credit, available = map(json.loads, done.stdout.splitlines())
    assert (completed["status"], completed["amount_due_q"], payment["outstanding_balance_q"]) == ("pending", 3000, 0)
    assert (approved["status"], processed["status"], processed["amount_q"]) == ("approved", "processed", 1000)
    assert (sale["status"], sale["payment_status"], sale["amount_refunded_q"]) == (
        "completed",
        "partially_refunded",
        1000,
    )
    assert (credit["outstanding_balance_q"], credit["can_purchase"]) == (0, True)
    assert float(available["items"][0]["available"]) == 48


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_an_order_can_be_placed_by_hand(fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / ".comanda").symlink_to(fleet.home.path)
    program = ["bash", "-euo", "pipefail", "-c", block_under("Place an order by hand")]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, env=os.environ, timeout=300)
    assert done.returncode == 0, done.stderr
    product, _, channel, session, first, second, available, orders = map(json.loads, done.stdout.splitlines())
    assert (product["sku"], channel["code"], session["session_key"]) == ("CAFE", "web", "CART-1")
    assert first == second
    assert (first["status"], first["total_q"]) == ("committed", 1000)
    assert first["order_ref"] in [order["ref"] for order in orders["items"]]
    assert sum(float(item["available"]) for item in available["items"]) == 8
