"""The four ways in which Omie's services page (omie-api.md 1.4)."""

from dataclasses import dataclass
from typing import Any

from omie_simulator import faults

CAP = 100
DEFAULT = 50


@dataclass(frozen=True)
class Dialect:
    """How a service spells its page fields: in the request, and in the answer."""

    page: str
    size: str
    answers: tuple[str, str, str, str]
    """Page, pages, records on this page (of pedidocompra: page size), records in all."""
    echoes_size: bool = False

    @property
    def request_tags(self) -> str:
        """The tags for a shape."""
        return f"{self.page}:i {self.size}:i"


SNAKE = Dialect("pagina", "registros_por_pagina", ("pagina", "total_de_paginas", "registros", "total_de_registros"))
SHORT = Dialect("nPagina", "nRegPorPagina", ("nPagina", "nTotPaginas", "nRegistros", "nTotRegistros"))
RECEIPTS = Dialect("nPagina", "nRegistrosPorPagina", ("nPagina", "nTotalPaginas", "nRegistros", "nTotalRegistros"))
PURCHASES = Dialect(
    "nPagina", "nRegsPorPagina", ("nPagina", "nTotalPaginas", "nRegsPorPagina", "nTotalRegistros"), echoes_size=True
)


def page(
    records: list[Any],
    param: dict[str, Any],
    dialect: Dialect,
    array: str,
    *,
    empty_is_fault: bool = True,
    cap: int = CAP,
) -> dict[str, Any]:
    """Returns one page; a size above the cap is cut without a word. Raises Fault 5113 past the end, unless told otherwise."""
    number = max(1, int(param.get(dialect.page) or 1))
    size = min(cap, int(param.get(dialect.size) or DEFAULT))
    found = records[(number - 1) * size : number * size]
    if not found and empty_is_fault:
        raise faults.no_records(number)
    counters = (number, -(-len(records) // size), size if dialect.echoes_size else len(found), len(records))
    return {**dict(zip(dialect.answers, counters, strict=True)), array: found}
