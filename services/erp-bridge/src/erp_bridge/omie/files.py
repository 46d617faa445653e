"""Files on their way into the ERP: zipped, as base64 text, with the MD5 of that text; never whole in memory (omie-api.md 2.1)."""

import base64
import hashlib
import shutil
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from erp_bridge.domain.names import ending

CHUNK = 3 * 64 * 1024
"""A multiple of three bytes, so that the texts of the pieces add up to the text of the whole."""
ZIP_SIGNATURE = b"PK\x03\x04"
ZIPPED_TYPES = frozenset(["zip", "docx", "xlsx", "pptx", "odt", "ods", "odp", "jar", "kmz", "epub"])
EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Packed:
    """A zip on disk, and what its text will be."""

    path: Path
    text_length: int
    md5: str

    async def between(self, head: bytes, tail: bytes) -> AsyncIterator[bytes]:
        """Yields the text of the zip in pieces, with what comes before and after it."""
        yield head
        for piece in _text(self.path):
            yield piece
        yield tail


def pack(source: Path, name: str, target: Path, attempt: int = 0) -> Packed:
    """Zips a file under a name; the text of each attempt differs, lest Omie take a second one for a repetition."""
    entry = zipfile.ZipInfo(name, (EPOCH[0] + attempt % 100, *EPOCH[1:]))
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(target, "w") as archive, source.open("rb") as reading, archive.open(entry, "w") as writing:
        shutil.copyfileobj(reading, writing, CHUNK)
    digest, length = hashlib.md5(usedforsecurity=False), 0
    for piece in _text(target):
        digest.update(piece)
        length += len(piece)
    return Packed(target, length, digest.hexdigest())


def _text(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield base64.b64encode(chunk)


def unpack_if_zipped(path: Path, name: str) -> Path:
    """Returns the file itself where a link has yielded it zipped: whether links ever do is not documented."""
    with path.open("rb") as file:
        is_zip = file.read(len(ZIP_SIGNATURE)) == ZIP_SIGNATURE
    if not is_zip or ending(name) in ZIPPED_TYPES or not zipfile.is_zipfile(path):
        return path
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) != 1:
            return path
        bare = path.with_suffix(".bare")
        with archive.open(entries[0]) as reading, bare.open("wb") as writing:
            shutil.copyfileobj(reading, writing, CHUNK)
    return bare
