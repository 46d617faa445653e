"""Which files of one record another lacks (source 002, RF-001; decisions 61, 63, 64)."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from erp_bridge.domain.names import distinct_name, safe_name

RECEIPT, PAYABLE = "com-recebimento", "conta-pagar"
ALIASES = {"conta_a_pagar": PAYABLE}
"""What the predecessor called a table that Omie spells otherwise."""
TABLES = frozenset(
    {
        "cliente", "produto", "servico", "pedido-venda", "remessa-produto", "ordem-servico", "contrato-servico",
        "pedido-compra", "nota-entrada", "ordem-producao", PAYABLE, "conta-receber", "conta-corrente",
        "conta-corrente-lancamento", "crm-contas", "crm-contatos", "crm-oportunidades", RECEIPT,
    }
)  # fmt: skip
CODE_BYTES = 12
"""Makes twenty characters, the most that Omie takes as an integration code."""
MARK_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Owner:
    """The record that attachments belong to."""

    table: str
    id: int

    @property
    def key(self) -> dict[str, Any]:
        """Its key on the wire."""
        return {"cTabela": self.table, "nId": self.id}


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment as listings have it; the size only where an account's listing tells one."""

    id: int
    name: str
    code: str = ""
    kind: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """From where to where files are copied."""

    origin: Owner
    destination: Owner


@dataclass(frozen=True, slots=True)
class Move:
    """A file to copy, the name that it gets, and our own code for the copy."""

    attachment: Attachment
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done about each file of the origin; files without a name are in neither list."""

    moves: tuple[Move, ...]
    duplicates: tuple[Attachment, ...]


def table(name: str, default: str) -> str:
    """Returns a table's real name."""
    return ALIASES.get(name, name) or default


def code_of(pair: Pair, attachment: int) -> str:
    """Returns our integration code for the copy of a file: the same one whenever it is tried."""
    return hashed(pair.origin.table, pair.origin.id, attachment, pair.destination.table, pair.destination.id)


def hashed(*parts: object) -> str:
    """Returns an integration code of twenty characters made of the parts."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:CODE_BYTES]
    return base64.b32encode(digest).decode().rstrip("=").lower()


def plan(pair: Pair, origin: Sequence[Attachment], destination: Sequence[Attachment]) -> Plan:
    """Decides which files to copy: not those that are there under our code, or else under their name.

    Where both sizes are known, two files of one name are the same only when the sizes are.
    """
    codes = {each.code for each in destination if each.code}
    there = {each.name: each for each in destination}
    seen: set[str] = set()
    moves: list[Move] = []
    duplicates: list[Attachment] = []
    for each in origin:
        if not each.name:
            continue
        code = code_of(pair, each.id)
        name = safe_name(each.name, each.kind)
        if code in codes or each.name in seen or _is(each, there.get(each.name) or there.get(name)):
            duplicates.append(each)
        else:
            taken = name in there or any(move.name == name for move in moves)
            moves.append(Move(each, distinct_name(name, code[:MARK_LENGTH]) if taken else name, code))
        seen.add(each.name)
    return Plan(tuple(moves), tuple(duplicates))


def _is(one: Attachment, other: Attachment | None) -> bool:
    if other is None:
        return False
    return one.size is None or other.size is None or one.size == other.size
