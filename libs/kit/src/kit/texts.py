"""The words for error codes, in English and Brazilian Portuguese."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kit.errors import DomainError


@dataclass(frozen=True, slots=True)
class Text:
    """One code's words; `{name}` stands for a value of the error's context."""

    en: str
    pt: str


Catalogue = Mapping[str, Text]

KIT: Catalogue = {
    "invalid_argument": Text("The request breaks the rules: {fields}", "A requisição viola as regras: {fields}"),
    "invalid_text": Text(
        "A text holds a character that cannot be stored.", "Um texto contém um caractere que não pode ser gravado."
    ),
    "invalid_page_token": Text("The page token is not one of ours.", "O token de página não é válido."),
    "not_found": Text("Not found.", "Não encontrado."),
    "unauthenticated": Text("Show who you are: {reason}", "Identifique-se: {reason}"),
    "permission_denied": Text("Role {role} may not do this.", "O papel {role} não pode fazer isto."),
    "scope_missing": Text("Your credential lacks the scope {scope}.", "Sua credencial não tem o escopo {scope}."),
    "idempotency_key_reuse": Text(
        "Key {key} was used for another request; use a new one.",
        "A chave {key} já foi usada em outra requisição; use uma nova.",
    ),
    "idempotency_key_required": Text("This call needs a key of its own.", "Esta chamada exige uma chave própria."),
    "in_progress": Text(
        "The same request is still being worked on; ask again shortly.",
        "A mesma requisição ainda está em andamento; tente de novo em instantes.",
    ),
    "unavailable": Text("A part that is needed cannot be reached.", "Um componente necessário está indisponível."),
    "internal": Text("Something went wrong on our side.", "Algo deu errado do nosso lado."),
}


class _Lenient(dict[str, Any]):
    """Leaves a name that the context does not have as it stands."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def render(error: DomainError, catalogue: Catalogue, language: str) -> str:
    """Returns the error's words in the language ("pt" or "en"); its own message wins, its code is the last resort.

    Where the context names a `problem`, the words for `code.problem` come before those for the code.
    """
    if error.message:
        return error.message
    closer = f"{error.code}.{error.context.get('problem', '')}"
    text = catalogue.get(closer) or catalogue.get(error.code) or KIT.get(error.code)
    if text is None:
        return error.code
    values = _Lenient({name: _worded(value) for name, value in error.context.items()})
    return (text.pt if language == "pt" else text.en).format_map(values)


def _worded(value: Any) -> Any:
    """Returns a list as people write one."""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


@lru_cache(1000)
def preferred(accept_language: str, default: str) -> str:
    """Returns "pt" or "en": the one that an Accept-Language header names first, by weight; else the default."""
    best, best_weight = default, 0.0
    for part in accept_language.split(","):
        tag, _, weight = part.strip().partition(";q=")
        language = tag.strip().lower().split("-")[0]
        if language in ("pt", "en") and (value := _weight(weight)) > best_weight:
            best, best_weight = language, value
    return best


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
