"""geral/anexo: the attachments of a record (omie-api.md 2.1)."""

from pathlib import Path
from typing import Any

import httpx

from erp_bridge.domain.attachment import Attachment, Owner
from erp_bridge.domain.names import ending
from erp_bridge.omie import files
from erp_bridge.omie.answers import Answer, Kind
from erp_bridge.omie.api import anexo
from erp_bridge.omie.api.method import Whole
from erp_bridge.omie.client import Omie, OmieError
from erp_bridge.omie.files import Packed

DOWNLOAD = "download"
LINKS = 3
"""How many links are asked for, one after the other, when they do not yield the file."""


async def listed(omie: Omie, owner: Owner) -> list[Attachment]:
    """Returns the attachments of a record. Raises OmieError."""
    return [_attachment(each) async for each in anexo.listar_anexo(omie, {"cTabela": owner.table, "nId": owner.id})]


def _attachment(record: dict[str, Any]) -> Attachment:
    sizes = (record.get(name) for name in ("nTamanho", "tamanho", "nBytes", "bytes"))
    return Attachment(
        id=int(record.get("nIdAnexo") or 0),
        name=str(record.get("cNomeArquivo") or ""),
        code=str(record.get("cCodIntAnexo") or ""),
        kind=str(record.get("cTipoArquivo") or ""),
        size=next((int(size) for size in sizes if size), None),
    )


async def download(omie: Omie, owner: Owner, attachment: Attachment, target: Path, largest: int) -> Path | None:
    """Fetches a file and returns where it is; None when it is empty.

    Raises OmieError: kind VALIDATION for one larger than so many bytes, TRANSIENT for a link that does not yield it.
    """
    # A link that has ended is asked for again in other words.
    questions = _questions(owner, attachment)
    for attempt in range(LINKS):
        given = await anexo.obter_anexo(omie, *questions, remember=False)
        if not (link := given.get("cLinkDownload")):
            return None
        try:
            size = await _fetch(omie, str(link), target, largest)
        except OmieError as error:
            if error.kind is not Kind.TRANSIENT or attempt == LINKS - 1:
                raise
        else:
            return files.unpack_if_zipped(target, attachment.name) if size else None
    raise AssertionError("the last attempt returns or raises")


def _questions(owner: Owner, attachment: Attachment) -> list[anexo.Key]:
    """Returns the question for an attachment in several words: numbers are taken as text as well, and a name beside an id."""
    owners: list[Whole] = [owner.id, str(owner.id)]
    ids: list[Whole] = [attachment.id, str(attachment.id)]
    questions: list[anexo.Key] = []
    for number in owners:
        base: anexo.Key = {"cTabela": owner.table, "nId": number}
        questions += [{**base, "nIdAnexo": each} for each in ids]
        questions += [{**base, "nIdAnexo": each, "cNomeArquivo": attachment.name} for each in ids]
        questions.append({**base, "cNomeArquivo": attachment.name})
    return questions


async def _fetch(omie: Omie, link: str, target: Path, largest: int) -> int:
    """Writes what a link yields to a file, and returns how many bytes that was. The link is a secret: no error names it."""
    size = 0
    try:
        async with omie.http.stream("GET", link) as response:
            if response.status_code != 200:
                raise OmieError(
                    DOWNLOAD, Answer(Kind.TRANSIENT, text=f"O download respondeu HTTP {response.status_code}.")
                )
            with target.open("wb") as file:
                async for piece in response.aiter_bytes():
                    if (size := size + len(piece)) > largest:
                        raise OmieError(
                            DOWNLOAD, Answer(Kind.VALIDATION, text=f"O arquivo passa de {largest >> 20} MB.")
                        )
                    file.write(piece)
    except (httpx.TransportError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise OmieError(DOWNLOAD, Answer(Kind.TRANSIENT, text=type(error).__name__)) from None
    return size


async def include(omie: Omie, owner: Owner, name: str, code: str, packed: Packed) -> dict[str, Any]:
    """Adds a file and returns Omie's answer. Raises OmieError."""
    param: anexo.Inclusion = {
        "cTabela": owner.table, "nId": owner.id, "cCodIntAnexo": code, "cNomeArquivo": name,
        "cTipoArquivo": ending(name), "cMd5": packed.md5,
    }  # fmt: skip
    return await anexo.incluir_anexo(omie, param, packed)
