"""`comanda import pos`: a till's lines become completed sales, exactly and once."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from comanda_cli.fleet.errors import FleetError
from comanda_cli.pos.file import Contents, read
from comanda_cli.testing import Fleet

HEADER = "receipt,time,sku,quantity,unit_price,discount"
SOLD = [
    "R1,2026-03-02T23:30:00,POS-CAFE,2.500,10.00,0.50",  # 24.50
    "R1,2026-03-02T23:30:00,POS-PAO,3,0.99,",  # 2.97
    "R2,2026-03-03T10:00:00,POS-PAO,0.333,0.99,",  # 0.33
    "R2,2026-03-03T10:00:00,POS-PAO,0.333,0.99,",  # 0.33
]
BACK = [
    "R1,2026-03-02T23:40:00,POS-PAO,-1,0.99,",  # 0.99 of R1
    "D9,2026-03-04T09:00:00,POS-PAO,-0.333,0.99,",  # 0.33 of R2
    "D9,2026-03-04T09:00:00,POS-PAO,-0.333,0.99,",  # 0.33 of R2, its other line
]
BAD = {
    "R3,2026-03-03T10:00:00,POS-PAO,1.2345,0.99,": "quantity 1.2345 has more decimals than 3",
    "R3,2026-03-03T10:00:00,POS-PAO,many,0.99,": "quantity 'many' is no number",
    "R3,2026-03-03T10:00:00,POS-PAO,0,0.99,": "quantity is zero",
    "R3,2026-03-03T10:00:00,POS-PAO,1,-0.99,": "unit_price -0.99 is negative",
    "R3,2026-03-03T10:00:00,POS-PAO,1,0.999,": "unit_price 0.999 has more decimals than 2",
    "R3,2026-03-03T10:00:00,POS-PAO,1,0.99,1": "discount is more than quantity times unit_price",
    "R3,03/03/2026,POS-PAO,1,0.99,": "time '03/03/2026' is not like 2026-11-20T14:30:00",
    ",2026-03-03T10:00:00,POS-PAO,1,0.99,": "receipt is missing",
    "R3,2026-03-03T10:00:00,POS-\0PAO,1,0.99,": "sku holds a control character",
    f"R3,2026-03-03T10:00:00,{'P' * 65},1,0.99,": "sku is longer than 64 characters",
    "R3,2026-03-03T10:00:00,,1,0.99,": "sku is missing",
    "R3,2026-03-03T10:00:00,POS-PAO,1": "it has 4 fields, and the header 6",
    "R3,2026-03-03T10:00:00,POS-CHA,-1,0.99,": "nothing sold before at this price has so many units of POS-CHA left to bring back",
    "R3,2026-03-05T10:00:00,POS-PAO,-4,0.99,": "nothing sold before at this price has so many units of POS-PAO left to bring back",
    "R3,2026-03-05T10:00:00,POS-PAO,-1,1.99,": "nothing sold before at this price has so many units of POS-PAO left to bring back",
}


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join((HEADER, *lines)) + "\n")
    return path


def contents(tmp_path: Path, *lines: str) -> Contents:
    return read(written(tmp_path / "till.csv", *lines), "America/Sao_Paulo")


def import_pos(fleet: Fleet, path: Path) -> dict[str, Any]:
    done = fleet.run("import", "pos", str(path), "--report", str(path.with_suffix(".jsonl")))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_bad_line_is_named_with_its_number_and_reason_and_spoils_no_other(tmp_path: Path) -> None:
    found = contents(tmp_path, *SOLD, *BAD)
    assert {each.number: each.reason for each in found.bad} == dict(enumerate(BAD.values(), 2 + len(SOLD)))
    assert [(each.number, each.total_q) for each in found.receipts.values()] == [("R1", 2747), ("R2", 66)]


def test_what_comes_back_is_taken_from_what_sold_it(tmp_path: Path) -> None:
    found = contents(tmp_path, *BACK, *SOLD).receipts
    assert [(each.line.quantity, each.sold.number) for each in found["R1"].returns] == [(Decimal("-1.000"), 6)]
    assert sorted(each.sold.number for each in found["R2"].returns) == [7, 8]
    assert (found["R1"].returned_q, found["R2"].returned_q) == (99, 66)


def test_a_brazilian_spreadsheets_file_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "till.csv"
    path.write_text(
        "\ufeffReceipt;Time;SKU;Quantity;Unit_Price;Discount;refund_of\nA;2026-03-02;X;1,5;1.234,50;0,25;\nB;2026-03-03;X;-1,5;1234,50;0,25;A\n"
    )
    found = read(path, "America/Sao_Paulo")
    assert found.bad == []
    assert found.receipts["A"].total_q == found.receipts["A"].returned_q == 185_150


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "till.csv"
    path.write_text("receipt,time,sku,quantity\n")
    with pytest.raises(FleetError, match="no column unit_price"):
        read(path, "UTC")


@pytest.mark.xdist_group("fleet")
def test_a_till_comes_in_once_with_totals_that_equal_a_recount(fleet: Fleet, tmp_path: Path) -> None:
    here = fleet.of_a_new_business()
    first = import_pos(here, written(tmp_path / "one.csv", *SOLD, next(iter(BAD))))
    recount = {"sales_q": 2813, "refunds_q": 0, "net_q": 2813}
    assert (first["added"], first["bad_lines"], first["refused"], first["recount"]) == (2, 1, {}, recount)
    path = written(tmp_path / "all.csv", *SOLD, *BACK, "R1,2026-03-02T23:30:00,POS-PAO,1,0.99,")
    done = here.run("import", "pos", str(path), "--report", str(tmp_path / "all.jsonl"))
    # R1 has a line now that the sale has not: it is left as it is, and told.
    assert json.loads(done.stdout)["refused"] == {"differs": 1}
    assert json.loads((tmp_path / "all.jsonl").read_text())["line"] == 2
    whole = import_pos(here, written(tmp_path / "all.csv", *SOLD, *BACK))
    assert (whole["added"], whole["already_there"], whole["bad_lines"]) == (0, 2, 0)
    assert (whole["refunds_added"], whole["refunds_already_there"]) == (1, 2)
    assert whole["recount"] == {"sales_q": 2813, "refunds_q": 165, "net_q": 2648}
    again = import_pos(here, path)
    assert (again["added"], again["already_there"], again["refunds_added"], again["refunds_already_there"]) == (
        0,
        2,
        0,
        3,
    )
    assert (again["sales_q"], again["refunds_q"], again["net_q"], again["matches"]) == (2813, 165, 2648, True)
