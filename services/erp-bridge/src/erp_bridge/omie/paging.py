"""The four ways in which Omie's services page (omie-api.md 1.4)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from erp_bridge.omie.client import Omie, OmieError, Param

NO_RECORDS = "-5113"
"""Ends the number of the fault for a page with nothing on it; that there is no such record at all is another one."""
SIZES = tuple(range(100, 80, -1))
"""Page sizes to choose from: the same list asked with another size is not the same question. Omie cuts at a hundred."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a service spells page and size in the request, and the number of pages in the answer."""

    page: str
    size: str
    pages: str


SNAKE = Dialect("pagina", "registros_por_pagina", "total_de_paginas")
SHORT = Dialect("nPagina", "nRegPorPagina", "nTotPaginas")
RECEIPTS = Dialect("nPagina", "nRegistrosPorPagina", "nTotalPaginas")
PURCHASES = Dialect("nPagina", "nRegsPorPagina", "nTotalPaginas")


async def records(
    omie: Omie, service: str, method: str, dialect: Dialect, array: str, param: Param
) -> AsyncIterator[dict[str, Any]]:
    """Yields the records of a listing, page by page; past the end Omie answers with a fault, which is the end. Raises OmieError."""
    page, sizes = 1, SIZES
    while True:
        questions = [{dialect.page: page, dialect.size: size, **param} for size in sizes]
        try:
            variant, body = await omie.asked(service, method, *questions)
        except OmieError as error:
            if error.code.endswith(NO_RECORDS):
                return
            raise
        for record in body.get(array) or ():
            yield record
        if page >= int(body.get(dialect.pages) or 0):
            return
        page, sizes = page + 1, (sizes[variant],)
