"""Reading Olist files: exactly, whatever is odd in them, and without growing."""

import gzip
import itertools
import json
import tracemalloc
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from comanda_cli.olist.file import LONGEST_LINE, BadLine, Survey, read, survey
from comanda_cli.olist.record import STATUSES, Order, local_time, minor, parse

from .olist_data import REAL, item, order, write

real_file = pytest.mark.skipif(not REAL.exists(), reason="the Olist data does not lie beside this checkout")


def parsed(record: dict[str, Any]) -> Order:
    return parse(1, json.dumps(record).encode())


def test_rows_of_one_product_at_one_price_become_a_line_with_their_number_as_quantity() -> None:
    found = parsed(order("a", ("P1", "10.00"), ("P2", "3.50"), ("P1", "10.00"), ("P1", "9.99")))
    assert [(line.sku, line.qty, line.price_q) for line in found.lines] == [
        ("P1", 2, 1000),
        ("P2", 1, 350),
        ("P1", 1, 999),
    ]
    assert found.total_q == 2 * 1000 + 350 + 999


def test_everything_that_is_not_the_order_itself_goes_into_its_data() -> None:
    found = parsed(order("a", ("P1", "10.00"), ("P1", "10.00"), status="canceled"))
    assert found.data["source"] == {"system": "olist", "order_id": "a", "status": "canceled"}
    assert (found.data["customer"]["id"], found.data["customer"]["order_customer_id"]) == ("person", "c-a")
    assert found.data["payment"]["payments"] == [
        {"sequential": 1, "type": "boleto", "installments": 1, "amount_q": 1000}
    ]
    assert found.data["payment"]["paid_q"] == 1000
    assert found.data["delivery"] == {"freight_q": 1478, "estimated_date": "2017-12-12"}
    assert set(found.data["custom"]["times"]) == {"purchased_at", "approved_at"}
    [line] = found.lines
    assert (line.name, line.meta["weight_g"], "length_cm" in line.meta) == ("perfumaria P1", 610, False)
    assert [row["freight_q"] for row in line.meta["rows"]] == [739, 739]
    assert line.meta["rows"][0]["seller"]["city"] == "petropolis"


@pytest.mark.parametrize(("given", "is_now"), STATUSES.items())
def test_every_status_of_the_file_has_a_place_in_the_flow(given: str, is_now: str) -> None:
    assert parsed(order("a", ("P1", "1.00"), status=given)).status == is_now


@pytest.mark.parametrize(
    ("text", "amount_q"),
    [("0", 0), ("12", 1200), ("12.9", 1290), ("12.90", 1290), ("9007199254740.93", 900719925474093)],
)
def test_money_is_exact(text: str, amount_q: int) -> None:
    assert minor(text) == amount_q


@pytest.mark.parametrize("value", ["", "-1.00", "1,00", "1.001", "1e3", "NaN", " 1", None, True, 1.5, [], "١"])
def test_what_is_no_amount_of_money_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="no amount"):
        minor(value)


def test_a_number_with_a_decimal_point_is_read_digit_by_digit() -> None:
    text = json.dumps(order("a", ("P1", "@"))).replace('"@"', "0.29")
    assert parse(1, text.encode()).lines[0].price_q == 29


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2017-07-01 12:00:00", "2017-07-01T12:00:00-03:00"),
        ("2017-12-01 12:00:00", "2017-12-01T12:00:00-02:00"),
    ],
)
def test_times_get_the_zone_of_sao_paulo_with_its_summer_time(text: str, at: str) -> None:
    assert local_time(text) == {"local": text, "at": at}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "Expecting"),
        ("[]", "not a JSON object"),
        (order("", ("P1", "1.00")), "order_id is missing"),
        (order("a b", ("P1", "1.00")), "cannot be a key"),
        (order("a", ("P1", "1.00"), status="lost"), "status `lost` is unknown"),
        (order("a", ("P1", "cheap")), "price: `cheap` is no amount of money"),
        (order("a", ("", "1.00")), "product_id is missing"),
        (order("a", items=None), "items is not a list"),
        (order("a", items=[1]), "items is not a list"),
        (order("a", payments=[{"type": "boleto"}]), "value: `None` is no amount"),
        (order("a", customer=None), "customer is not an object"),
        (order("a", ("P1", "1.00"), purchased_at="yesterday"), "purchased_at `yesterday` is no time"),
        (order("a", items=[item(n, f"P{n}", "1.00") for n in range(201)]), "200 is the most"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_bad_line_is_named_with_its_reason_and_the_rest_goes_on(tmp_path: Path, line: Any, reason: str) -> None:
    path = write(tmp_path / "file", [order("x", ("P1", "1.00")), "", line, order("y", ("P1", "1.00"))])
    first, bad, last = read(path)
    assert isinstance(bad, BadLine)
    assert (first.number, bad.number, last.number) == (1, 3, 4)
    assert reason in bad.reason


def test_bytes_that_are_no_utf8_and_endless_lines_are_bad_lines(tmp_path: Path) -> None:
    path = tmp_path / "file"
    good = json.dumps(order("x", ("P1", "1.00"))).encode()
    path.write_bytes(b"\xff\xfe\n" + b"x" * (3 * LONGEST_LINE) + b"\n" + good)
    found = list(read(path))
    assert [type(each) for each in found] == [BadLine, BadLine, Order]
    assert [each.number for each in found] == [1, 2, 3]


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(json.dumps(order("x", ("P1", "1.00"))), encoding="utf-8-sig")
    assert survey(path) == Survey(1, 0, {"P1": "perfumaria P1"})


def test_an_order_that_stands_in_the_file_twice_counts_once(tmp_path: Path) -> None:
    path = write(tmp_path / "file", [order("x", ("P1", "1.00")), order("x", ("P1", "1.00"), ("P1", "1.00"))])
    found = survey(path)
    assert (found.orders, found.bad_lines, list(found.products)) == (1, 1, ["P1"])
    assert list(read(path))[1] == BadLine(2, "order x stands in line 1 already")


def test_gzip_is_recognised_by_its_content(tmp_path: Path) -> None:
    records = [order("x", ("P1", "1.00")), order("y", ("P2", "2.00"), ("P2", "2.00"))]
    plain, packed = write(tmp_path / "plain.gz", records), write(tmp_path / "packed", records, packed=True)
    assert list(read(plain)) == list(read(packed))
    assert survey(packed) == Survey(2, 0, {"P1": "perfumaria P1", "P2": "perfumaria P2"})


def test_a_file_that_breaks_off_ends_with_a_bad_line(tmp_path: Path) -> None:
    records = [order(f"o{number}", (f"P{number}", "1.00")) for number in range(2000)]
    path = write(tmp_path / "file", records, packed=True)
    path.write_bytes(path.read_bytes()[:-100])
    *orders, last = read(path)
    assert len(orders) > 1000
    assert isinstance(last, BadLine)
    assert "breaks off" in last.reason


def test_an_empty_file_has_no_orders(tmp_path: Path) -> None:
    assert survey(write(tmp_path / "file", [])) == Survey()


def test_the_limit_counts_orders_and_bad_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "file", [order("x", ("P1", "1.00")), "bad", "", order("y", ("P1", "1.00"))])
    assert [entry.number for entry in read(path, 2)] == [1, 2]


def test_memory_stays_flat_however_long_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    template = json.dumps(order("@", ("P1", "1.00"), ("P2", "2.50")))
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.writelines(template.replace("@", f"order-{number:032}") + "\n" for number in range(6_000))
    entries = read(path)
    for _ in itertools.islice(entries, 1000):
        pass
    tracemalloc.start()
    count = sum(1 for _ in entries)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 5_000
    assert peak < 1_000_000


@real_file
def test_the_real_file_is_read_to_the_last_cent() -> None:
    with gzip.open(REAL, "rt") as file:
        records = [json.loads(line) for line in file]
    orders = [entry for entry in read(REAL) if isinstance(entry, Order)]
    assert len(orders) == len(records)
    assert sum(each.total_q for each in orders) == sum(
        Decimal(row["price"]) * 100 for record in records for row in record["items"]
    )
    demand = Counter(row["product_id"] for record in records for row in record["items"])
    assert Counter(line.sku for each in orders for line in each.lines for _ in range(line.qty)) == demand
    assert survey(REAL).products.keys() == demand.keys()
