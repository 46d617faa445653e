"""Logs: their size is bounded, and they can be watched."""

import os
import subprocess
from pathlib import Path

import pytest

from comanda_cli.fleet import logfiles
from comanda_cli.fleet.home import Home

from .conftest import Shell


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path / "home")
    found.prepare()
    return found


def test_a_log_that_has_grown_too_large_is_kept_under_a_number(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfiles, "LARGEST_BYTES", 3)
    with home.log("orders").open("a", buffering=1) as writer:
        for number in range(5):
            writer.write(f"line {number}\n")
            logfiles.rotate(home.logs)
        writer.write("end\n")
    assert home.log("orders").read_text() == "end\n"
    assert [(home.logs / f"orders.log.{n}").read_text() for n in (1, 2, 3)] == ["line 4\n", "line 3\n", "line 2\n"]
    assert not (home.logs / "orders.log.4").exists()


def test_a_log_that_has_grown_too_large_stays_where_there_is_no_room_for_its_copy(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfiles, "LARGEST_BYTES", 3)
    home.log("orders").write_text("now\n")
    (home.logs / "orders.log.1").write_text("before\n")
    (home.logs / "orders.log.new").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        logfiles.rotate(home.logs)
    assert {file.name: file.read_text() for file in home.logs.iterdir()} == {
        "orders.log": "now\n",
        "orders.log.1": "before\n",
    }


def test_last_words_are_the_last_line_that_says_something(home: Home) -> None:
    home.log("orders").write_text("first\nValueError: no\n\n")
    assert logfiles.last_words(home.log("orders")) == "ValueError: no"
    assert logfiles.last_words(home.log("sales")) == "it said nothing"


def test_the_last_lines_of_one_log_are_shown_as_they_are(shell: Shell) -> None:
    shell.home.prepare()
    shell.home.log("orders").write_text("one\ntwo\nthree\n")
    assert shell.run("logs", "orders", "-n", "2").stdout == "two\nthree\n"


def test_lines_of_several_logs_carry_their_name(shell: Shell) -> None:
    shell.home.prepare()
    shell.home.log("orders").write_text("one\n")
    shell.home.log("sales").write_text("two\n")
    assert shell.run("logs").stdout == "orders      | one\nsales       | two\n"


def test_a_log_is_followed_also_when_it_begins_again(shell: Shell) -> None:
    shell.home.prepare()
    log = shell.home.log("orders")
    log.write_text("a long line of before\n")
    environment = {**os.environ, **shell.environment, "PYTHONUNBUFFERED": "1"}
    command = shell.argv("logs", "orders", "--follow")
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "a long line of before\n"
        log.write_text("new\nhalf")
        assert process.stdout.readline() == "new\n"
        log.write_text("new\nhalf a line\n")
        assert process.stdout.readline() == "half a line\n"
        process.terminate()
