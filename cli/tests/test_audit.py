"""An exported audit log is checked with nothing but the file."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given
from hypothesis import strategies as st

from comanda_cli.audit import FIRST, audit, fault
from sales.domain.audit import content, digest


def chain(length: int) -> list[str]:
    """The lines of a good file."""
    lines, previous = [], FIRST
    for seq in range(1, length + 1):
        text = content({"id": f"entry-{seq}", "event_type": "sale.created", "after": {"note": "João ✓"}}, seq, previous)
        previous = digest(text)
        lines.append(json.dumps({"seq": seq, "content": text, "hash": previous}, ensure_ascii=False) + "\n")
    return lines


@pytest.fixture
def verify(tmp_path: Path) -> Callable[[bytes], Result]:
    """Runs the command on a file."""

    def run(file: bytes) -> Result:
        (tmp_path / "audit.jsonl").write_bytes(file)
        return CliRunner().invoke(audit, ["verify", str(tmp_path / "audit.jsonl")])

    return run


def test_a_good_file_is_said_to_be_unbroken(verify: Callable[[bytes], Result]) -> None:
    done = verify("".join(chain(3)).encode())
    assert (done.exit_code, done.output.startswith("3 entries, unbroken")) == (0, True)


@pytest.mark.parametrize("end", [b"\r", b" ", b"\t"])
def test_the_end_of_a_line_counts_too(verify: Callable[[bytes], Result], end: bytes) -> None:
    done = verify("".join(chain(3)).encode()[:-1] + end)
    assert (done.exit_code, done.output.startswith("line 3: ")) == (1, True)


GOOD = chain(4)
FILE = "".join(GOOD).encode()


@given(st.integers(0, len(FILE) - 2), st.integers(1, 255))
@example(FILE.index(b" "), ord(" ") ^ ord("\t"))
def test_one_flipped_byte_anywhere_is_named(position: int, flip: int) -> None:
    broken = bytearray(FILE)
    broken[position] ^= flip
    named, previous = 0, FIRST
    for number, line in enumerate(broken.decode("utf-8", "surrogateescape").split("\n")[:-1], 1):
        if fault(line, number, previous):
            named = number
            break
        previous = json.loads(line)["hash"]
    at = FILE[:position].count(b"\n") + 1
    assert named == at


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([GOOD[0], *GOOD[2:]], "line 2"),
        ([GOOD[1], GOOD[0], *GOOD[2:]], "line 1"),
        ([*GOOD, "not JSON\n"], "line 5"),
        ([*GOOD, '{"content": "5", "hash": ""}\n'], "line 5"),
    ],
)
def test_lines_that_were_taken_out_or_moved_are_missed(
    verify: Callable[[bytes], Result], lines: list[str], named: str
) -> None:
    done = verify("".join(lines).encode())
    assert (done.exit_code, named in done.output) == (1, True)
