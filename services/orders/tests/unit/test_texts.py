"""Every refusal can be told in both languages."""

import ast
import re
import string
from pathlib import Path

import orders
from kit.texts import KIT
from orders.texts import TEXTS

RAISED = re.compile(
    r'(?:Invalid|NotFound|Duplicate|Refused|Conflict|Forbidden|Unauthenticated|Unavailable)\(\s*"(\w+)"'
)
CHOSEN = {"price_not_found", "product_inactive"}
"""Codes that stand in an expression and not right behind the kind of error."""


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_code_that_is_raised_has_a_text_and_every_text_is_of_a_code() -> None:
    sources = [path.read_text() for path in Path(str(orders.__file__)).parent.rglob("*.py")]
    assert all(any(f'"{code}"' in source for source in sources) for code in CHOSEN)
    raised = {code for source in sources for code in RAISED.findall(source)} | CHOSEN
    assert raised - set(KIT) == {code for code in TEXTS if "." not in code}


def test_both_languages_say_the_same_values() -> None:
    assert not [code for code, text in TEXTS.items() if fields(text.en) != fields(text.pt)]


def test_every_problem_of_a_config_has_a_text_and_every_text_is_of_a_problem() -> None:
    domain = Path(str(orders.__file__)).parent / "domain"
    calls = [
        node
        for name in ("config.py", "flow.py")
        for node in ast.walk(ast.parse((domain / name).read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    found = {problem for call in calls if (problem := _problem(call))}
    assert found == {code.removeprefix("invalid_config.") for code in TEXTS if code.startswith("invalid_config.")}


def _problem(call: ast.Call) -> str:
    """The problem that a call names: the third argument of _expect, the second of _invalid, or `problem` itself."""
    places = {"_expect": 2, "_invalid": 1}
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    given = [each.value for each in call.keywords if each.arg == "problem"]
    given += call.args[places[name] : places[name] + 1] if name in places else []
    return next((str(each.value) for each in given if isinstance(each, ast.Constant)), "")
