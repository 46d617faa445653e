"""Our sentences in the logs of work, in English."""

import ast
import re
from pathlib import Path

import pytest

import erp_bridge
from erp_bridge.domain.closure import instruction
from erp_bridge.phrases import in_language

PORTUGUESE = re.compile("[ãçéêíóáúõ]")
IN_BOTH = ("texts.py", "phrases.py", "answers.py")
"""Modules whose Portuguese is chosen by language already, or is what Omie says."""


def test_what_a_person_is_to_do_is_said_in_both_languages() -> None:
    for item, which in (("", "purchase order 12"), ("001", "item 001 of purchase order 12")):
        kept = instruction("12", item, "NF 1 (a)", 77)
        assert in_language(kept, "pt") == kept
        assert in_language(kept, "en") == (
            f"Omie's API closes no purchase orders. In Omie, under Compras > Pedidos de Compra, open {which}, choose Encerrar and"
            " give the service invoice NF 1 (a) (id 77) as the reason. The closure will then be confirmed here by itself."
        )


def test_sentences_inside_objects_and_beside_others_are_found_and_omies_words_stay() -> None:
    kept = {"arquivos": [{"erro": "O arquivo passa de 25 MB.", "nome": "a.pdf"}], "total": 1}
    assert in_language(kept, "en")["arquivos"] == [{"erro": "The file is larger than 25 MB.", "nome": "a.pdf"}]
    both = "a.exe: Arquivos deste tipo não são aceitos.; b.pdf: ERROR: Registro não encontrado!"
    assert in_language(both, "en") == "a.exe: Files of this type are not taken.; b.pdf: ERROR: Registro não encontrado!"


def sentences() -> list[str]:
    """The Portuguese texts in the bridge's modules, but for documentation, parts of others, and what comes in both languages."""
    found: list[str] = []
    for path in Path(erp_bridge.__file__).parent.rglob("*.py"):
        if path.name in IN_BOTH:
            continue
        tree = ast.parse(path.read_text())
        documents = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
        parts = {id(part) for each in ast.walk(tree) if isinstance(each, ast.JoinedStr) for part in each.values}
        texts = [each for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        found += [str(each.value) for each in texts if id(each) not in documents | parts]
    return [text for text in found if PORTUGUESE.search(text)]


@pytest.mark.parametrize("sentence", sentences())
def test_no_sentence_is_forgotten(sentence: str) -> None:
    assert not PORTUGUESE.search(in_language(sentence, "en"))
