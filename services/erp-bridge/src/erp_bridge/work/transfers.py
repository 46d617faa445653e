"""RF-001: copies what a record lacks of another's attachments (source 002 1B.2; decisions 63 and 64)."""

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from erp_bridge.domain import attachment
from erp_bridge.domain.attachment import Attachment, Move
from erp_bridge.domain.names import ending
from erp_bridge.omie import attachments
from erp_bridge.omie.answers import Answer, Kind
from erp_bridge.omie.client import Omie, OmieError
from erp_bridge.settings import OmieSettings
from erp_bridge.store import transfers
from erp_bridge.store.transfers import Transfer
from erp_bridge.work import copying
from erp_bridge.work.ledger import Ledger
from kit.db import Database
from kit.errors import Unavailable

LOG = structlog.get_logger()
LONGEST_ERROR = 2000
EMPTY = "sem_conteudo"


@dataclass
class Course:
    """How a run goes: its counters are those of the source, and the last list has what became of each file."""

    transfer: Transfer
    began: float = field(default_factory=time.monotonic)
    total: int = 0
    there: int = 0
    moved: list[dict[str, Any]] = field(default_factory=list)
    duplicates: int = 0
    empty: int = 0
    errors: list[str] = field(default_factory=list)
    may_pass: bool = False
    held_back: bool = False
    files: list[dict[str, str]] = field(default_factory=list)

    def note(self, name: str, outcome: str, error: str = "") -> None:
        """Notes what became of a file."""
        self.files.append({"nome": name, "situacao": outcome, **({"erro": error} if error else {})})

    @property
    def details(self) -> dict[str, Any]:
        """The counters as the log has them."""
        return {
            "contagem_origem": self.total,
            "contagem_destino_inicial": self.there,
            "duplicados": self.duplicates,
            "sem_conteudo": self.empty,
            "erros_inclusao": len([each for each in self.files if each["situacao"] == "erro"]),
            "elapsed_ms": round((time.monotonic() - self.began) * 1000),
            "arquivos": self.files,
        }


class Transfers:
    """Runs transfers."""

    def __init__(self, database: Database, omie: Omie, settings: OmieSettings) -> None:
        self._database = database
        self._omie = omie
        self._largest = settings.largest_file_mb << 20
        self._refused = frozenset(settings.refused_file_types.split())

    async def run(self, transfer: Transfer) -> None:
        """Runs a claimed transfer to its end, and notes that."""
        course = Course(transfer, moved=list(transfer.anexos_transferidos))
        try:
            await self._copy(course)
        except OmieError as error:
            course.errors.append(error.text)
            course.may_pass, course.held_back = error.may_pass, error.kind is Kind.HELD_BACK
        except Unavailable:
            raise  # The lease runs out, and somebody goes on.
        except Exception as error:
            LOG.exception("transfer failed", transfer=str(transfer.id))
            course.errors.append(f"Erro inesperado: {type(error).__name__}")
        status = "failed" if course.errors else "success"
        text = "; ".join(course.errors)[:LONGEST_ERROR]
        await self._database.run(
            lambda tx, _: transfers.finish(
                tx,
                transfer,
                status,
                course.moved,
                course.total,
                text,
                course.details,
                course.may_pass,
                course.held_back,
            )
        )

    async def _copy(self, course: Course) -> None:
        pair = course.transfer.pair
        there = await attachments.listed(self._omie, pair.destination)
        course.there = len(there)
        origin = await attachments.listed(self._omie, pair.origin)
        course.total = len(origin)
        plan = attachment.plan(pair, origin, there)
        ledger = Ledger(self._database, course.transfer.business_id, f"transfer/{course.transfer.id}")
        ours = await ledger.found(copying.KIND, [each.code for each in there if each.code])
        for each in plan.duplicates:
            self._note_duplicate(course, each, ours.get(attachment.code_of(pair, each.id)))
        for move in plan.moves:
            await self._move(course, ledger, move)

    def _note_duplicate(self, course: Course, there: Attachment, sent: dict[str, Any] | None) -> None:
        """Notes a file that is there already: sent by this very transfer, when it was broken off before it heard of it."""
        known = {each["nIdAnexoOrigem"] for each in course.moved}
        if sent is None or there.id in known:
            course.duplicates += 1
            course.note(there.name, "duplicado")
            return
        course.note(there.name, "transferido")
        course.moved.append({"nome": there.name, "nIdAnexoOrigem": there.id, "tamanho": sent["tamanho"]})

    async def _move(self, course: Course, ledger: Ledger, move: Move) -> None:
        """Copies one file; that it fails is noted and stops no other."""
        name = move.attachment.name
        try:
            size = await self._fetch_and_put(course.transfer, ledger, move)
        except OmieError as error:
            if error.kind is Kind.HELD_BACK:
                raise
            course.note(name, "erro", error.text)
            course.errors.append(f"{name}: {error.text}")
            course.may_pass = course.may_pass or error.may_pass
            return
        if size is None:
            course.empty += 1
            course.note(name, EMPTY)
            return
        course.note(name, "transferido")
        course.moved.append({"nome": name, "nIdAnexoOrigem": move.attachment.id, "tamanho": size})

    async def _fetch_and_put(self, transfer: Transfer, ledger: Ledger, move: Move) -> int | None:
        """Returns the size in bytes; None when there is nothing in the file. Raises OmieError."""
        if ending(move.name) in self._refused:
            raise OmieError(copying.METHOD, Answer(Kind.VALIDATION, text="Arquivos deste tipo não são aceitos."))
        pair = transfer.pair
        with tempfile.TemporaryDirectory(prefix="comanda-") as directory:
            target = Path(directory) / "file"
            source = await attachments.download(self._omie, pair.origin, move.attachment, target, self._largest)
            if source is None or not (size := source.stat().st_size):
                return None
            await copying.put(self._omie, ledger, pair.destination, move.name, move.code, source, tamanho=size)
            return size
