"""What a method of Omie's API is to a caller: something to ask, to do, or to list."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from erp_bridge.domain import limits
from erp_bridge.omie import paging
from erp_bridge.omie.client import Omie
from erp_bridge.omie.files import Packed
from erp_bridge.omie.paging import Dialect

P = TypeVar("P", bound=Mapping[str, Any])
Record = dict[str, Any]
"""An answer, or a record in one: empty fields may be absent."""
Whole = int | str
"""A whole number, of up to eleven digits where it is an id; Omie takes it as text as well."""
Date = str
"""`dd/mm/yyyy`, or a time `hh:mm:ss`, in São Paulo."""


@dataclass(frozen=True, slots=True)
class Read(Generic[P]):
    """A method that changes nothing."""

    takes: type[P]
    service: str
    name: str

    async def __call__(
        self, omie: Omie, *questions: P, remember: bool = True, most_errors: int = limits.ERRORS
    ) -> Record:
        """Asks, of equivalent questions the first that was not asked lately; see `Omie.read`. Raises OmieError."""
        return await omie.read(self.service, self.name, *questions, remember=remember, most_errors=most_errors)


@dataclass(frozen=True, slots=True)
class Write(Generic[P]):
    """A method that changes something."""

    takes: type[P]
    service: str
    name: str

    async def __call__(self, omie: Omie, param: P, packed: Packed | None = None) -> Record:
        """Does it, with a file where one belongs to it; see `Omie.write`. Raises OmieError."""
        return await omie.write(self.service, self.name, param, packed)


@dataclass(frozen=True, slots=True)
class Listing(Generic[P]):
    """A method that lists records, in one of the four dialects of paging."""

    takes: type[P]
    service: str
    name: str
    dialect: Dialect
    array: str
    """Where the records are in an answer."""

    def __call__(self, omie: Omie, param: P) -> AsyncIterator[Record]:
        """Yields the records, page by page; see `paging.records`. Raises OmieError."""
        return paging.records(omie, self.service, self.name, self.dialect, self.array, param)
