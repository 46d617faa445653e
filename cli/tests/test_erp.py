"""`comanda erp`, and what `comanda verify` says of the ERP's ledger."""

import base64
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from comanda_cli.erp import invoices, orders
from comanda_cli.verify.erp import Erp, wrong


@pytest.mark.xdist_group("bench")
@pytest.mark.timeout(600)
def test_the_proof_finds_each_effect_exactly_once(tmp_path: Path) -> None:
    small = [
        "--transfers",
        "10",
        "--closures",
        "10",
        "--orders",
        "10",
        "--kills",
        "1",
        "--seed",
        "6",
        "--invoices",
        str(tmp_path),
    ]
    argv = [sys.executable, "-c", "from comanda_cli.main import main; main()", "erp", "proof", *small]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [told[name] for name in ("seed", "transfers", "closures", "orders", "kills")] == [6, 10, 10, 10, 1]
    assert (told["proven"], told["blocks"], told["refused_as_duplicates"]) == (True, 0, 0)
    assert min(told["answers_lost"], told["webhooks_repeated"]) > 0


def test_made_up_invoices_are_the_same_for_the_same_seed_and_have_as_many_parcels_as_were_asked_for(
    tmp_path: Path,
) -> None:
    made = list(invoices.receipts(tmp_path / "none", 40, random.Random(1)))
    assert made == list(invoices.receipts(tmp_path / "none", 40, random.Random(1)))
    assert sum(each["parcels"] for each in made) == 40
    assert len({each["access_key"] for each in made}) == len(made) < 40
    assert {len(each["attachments"]) for each in made} == {1, 2}


def test_real_invoices_come_first_and_what_is_none_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("no xml")
    [generated, *_] = invoices.receipts(tmp_path, 3, random.Random(1))
    (tmp_path / "b.xml").write_bytes(content_of(generated))
    [first, *others] = invoices.receipts(tmp_path, 8, random.Random(2))
    assert first["access_key"] == generated["access_key"]
    assert sum(each["parcels"] for each in [first, *others]) == 8


def content_of(receipt: dict[str, Any]) -> bytes:
    """The XML of an invoice."""
    return base64.b64decode(receipt["attachments"][0]["content_base64"])


def effect(kind: str, state: str = "confirmed", **intent: Any) -> dict[str, Any]:
    """A row of the ledger."""
    return {"business_id": 1, "kind": kind, "code": "c", "state": state, "intent": intent}


THERE = Erp({"c": 1}, frozenset({7}), frozenset({8}), {"c": 1}, frozenset({9}))
NOT_THERE = Erp({}, frozenset(), frozenset(), {}, frozenset())


@pytest.mark.parametrize(
    "confirmed",
    [
        effect("attachment.include"),
        effect("purchase_order.close", nCodPed=7),
        effect("receipt.conclude", nIdReceb=8),
        effect("order.include"),
        effect("order.cancel", nCodPed=9),
    ],
)
def test_an_effect_that_is_confirmed_must_be_there(confirmed: dict[str, Any]) -> None:
    assert wrong([confirmed], THERE) == []
    [row] = wrong([confirmed], NOT_THERE)
    assert dict(row) == {
        "business_id": 1,
        "kind": confirmed["kind"],
        "code": "c",
        "state": "confirmed",
        "in_the_erp": 0,
    }
    assert wrong([{**confirmed, "state": "failed"}], NOT_THERE) == []


@pytest.mark.parametrize("kind", ["attachment.include", "order.include"])
@pytest.mark.parametrize("state", ["confirmed", "failed"])
def test_a_file_or_a_sales_order_must_not_be_there_twice(kind: str, state: str) -> None:
    twice = Erp({"c": 2}, frozenset(), frozenset(), {"c": 2}, frozenset())
    [row] = wrong([effect(kind, state)], twice)
    assert dict(row)["in_the_erp"] == 2


def test_an_order_that_was_closed_by_a_call_of_the_account_shows_no_situation() -> None:
    assert wrong([effect("purchase_order.close", cNumero="PO1")], NOT_THERE) == []


def booked(ref: str, cancelado: str = "N") -> dict[str, Any]:
    """A sales order of the simulator."""
    return {"cabecalho": {"codigo_pedido_integracao": ref}, "cancelado": cancelado}


def test_every_order_must_be_booked_once_and_be_cancelled_where_it_is_here() -> None:
    sold = {"A": False, "B": True, "C": True}
    assert orders.wrong([booked("A"), booked("B", "S")], sold) == []
    assert orders.wrong([booked("A"), booked("A"), booked("D")], sold) == [
        "order A is there 2 times",
        "order D was never sold",
    ]
    assert orders.wrong([booked("B")], sold) == ["order A is missing", "order B is cancelled here only"]
    assert orders.wrong([booked("A", "S")], {"A": False}) == ["order A is cancelled there only"]
