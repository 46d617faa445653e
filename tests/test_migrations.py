"""A migration leaves alone what the code before it reads and writes: docs/decisions/upgrades.md, checked on the SQL itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REVISIONS = sorted(ROOT.glob("services/*/migrations/versions/*.py"))
REFUSED = {
    "takes something away": r"\bdrop\s+(table|column|type|view|function|extension)\b",
    "renames": r"\brename\s+(to|column|constraint)\b",
    "changes a type": r"\balter\s+column\s+\w+\s+(set\s+data\s+)?type\b",
    "demands a value": r"\bset\s+not\s+null\b|\bdrop\s+default\b",
    "adds a column that old code leaves empty and must not": (
        r"\badd\s+column\s+((?!\bdefault\b|\bgenerated\b|,\s*add\b|;).)*\bnot\s+null\b"
        r"((?!\bdefault\b|\bgenerated\b).)*?(,\s*add\b|;|$)"
    ),
}
# Before there was a release, and so before any code ran that could be in the middle of an upgrade.
EXCUSED = {"orders 0013_search_words"}


def statements(revision: Path) -> str:
    """The SQL of a revision's upgrade: what it says itself, and the constants that it names."""
    module = ast.parse(revision.read_text())
    constants = {
        target.id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    [upgrade] = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
    named = [constants.get(node.id, "") for node in ast.walk(upgrade) if isinstance(node, ast.Name)]
    said = [node.value for node in ast.walk(upgrade) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return re.sub(r"--[^\n]*", "", ";\n".join([*named, *said]))


def offences(sql: str) -> Iterator[str]:
    """What of a migration would break the code before it."""
    for offence, pattern in REFUSED.items():
        if re.search(pattern, sql, re.IGNORECASE | re.DOTALL):
            yield offence


def test_every_migration_works_with_the_code_before_it() -> None:
    found = {f"{path.parts[-4]} {path.stem}": list(offences(statements(path))) for path in REVISIONS}
    assert {name for name, wrong in found.items() if wrong} == EXCUSED, found


@pytest.mark.parametrize(
    "sql",
    [
        "alter table orders drop column note",
        "drop table notes",
        "alter table orders rename column note to remark",
        "alter table orders alter column note type integer using note::integer",
        "alter table orders alter column note set not null",
        "alter table orders add column note text not null",
        "alter table orders add column note text not null, add column other text default ''",
        "alter table orders add column a text default '', add column b text not null",
        "alter table orders alter column note drop default",
    ],
)
def test_what_would_break_it_is_found(sql: str) -> None:
    assert list(offences(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "alter table orders add column note text",
        "alter table orders add column note text not null default ''",
        "alter table orders add column note text default '' not null, add column other text",
        "create table notes (note text not null); create index notes_note on notes (note); drop index other",
    ],
)
def test_what_leaves_it_alone_is_let_through(sql: str) -> None:
    assert not list(offences(sql))
