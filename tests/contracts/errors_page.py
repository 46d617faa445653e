"""`make errors`: docs/errors.md from the catalogues of words, and from the kinds with which the sources raise their codes."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import erp_bridge.texts
import gateway.texts
import inventory.texts
import kit.texts
import orders.texts
import sales.texts
from gateway.responses import STATUS_OF_CODE, STATUSES
from kit.texts import Catalogue, Text

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "errors.md"
SOURCES = ("libs/kit/src", "gateway/src", "services/*/src/*")
WRONG_TYPE = Text(
    "{field} must be a text, a whole number, one of {values} …: `expected` of the context says which.", ""
)
CATALOGUES: Mapping[str, Catalogue] = {
    "Everywhere": {**kit.texts.KIT, **gateway.texts.TEXTS, "wrong_type": WRONG_TYPE},
    "Orders": orders.texts.TEXTS,
    "Inventory": inventory.texts.TEXTS,
    "Sales": sales.texts.TEXTS,
    "ERP": erp_bridge.texts.TEXTS,
}
KINDS = {kind.__name__: str(status) for kind, status in STATUSES.items()}
HEAD = """\
# Error codes

What `code` may be in a refusal (`api.md` says what a refusal looks like). In gRPC the code is the `reason` of
`google.rpc.ErrorInfo`, and the context is beside it as a `Struct`. Words in braces are values of the context. A code never
changes once it is published; new ones may come. Directives carry such codes too, in `error_code`. Where no status stands, the
kind of refusal depends on the case. This page is written by `make errors`.
"""


def document() -> str:
    """Returns the page."""
    raised = statuses()
    sections = [f"\n### {title}\n\n{_table(words, raised)}" for title, words in CATALOGUES.items()]
    return HEAD + "".join(sections)


def statuses() -> dict[str, set[str]]:
    """Returns with which HTTP statuses the sources raise each code."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for code, status in _raised():
        found[code].add(status)
    return {**found, **{code: {str(status)} for code, status in STATUS_OF_CODE.items()}, "internal": {"500"}}


def _raised() -> Iterator[tuple[str, str]]:
    for pattern in SOURCES:
        for file in sorted(path for folder in ROOT.glob(pattern) for path in folder.rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                match node:
                    case ast.Call(func=ast.Name(id=kind), args=[ast.Constant(value=str(code)), *_]) if kind in KINDS:
                        yield code, KINDS[kind]


def _table(words: Catalogue, raised: Mapping[str, set[str]]) -> str:
    rows = sorted((" ".join(sorted(raised.get(code, {"–"}))), code, text.en) for code, text in words.items())
    lines = [f"| {status} | `{code}` | {text.replace('|', '/')} |" for status, code, text in rows]
    return "\n".join(["| status | code | words |", "|---|---|---|", *lines, ""])


if __name__ == "__main__":
    PAGE.write_text(document())
