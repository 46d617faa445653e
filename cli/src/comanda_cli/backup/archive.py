"""The file of a backup: a tar archive of dumps, keys, and what they belong to."""

import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from comanda_cli.fleet.errors import FleetError

FORMAT = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What a backup is of. The prefix is that of the streams: messages in the outboxes name it."""

    made_at: str
    prefix: str
    databases: list[str]
    secrets: dict[str, Any]
    credentials: dict[str, Any]
    format: int = FORMAT


@contextmanager
def writing(target: Path) -> Iterator[Path]:
    """Yields an empty directory whose files become the archive: as a whole, or not at all; for its owner only.

    Raises FleetError when nothing can be written where the archive shall be.
    """
    with _beside(target) as scratch:
        content = Path(scratch) / "content"
        content.mkdir()
        yield content
        packed = Path(scratch) / "packed"
        with tarfile.open(packed, "w") as archive:
            for file in sorted(content.iterdir()):
                archive.add(file, file.name)
        with packed.open("rb") as written:
            os.fsync(written.fileno())
        packed.chmod(0o600)
        packed.replace(target)


def _beside(target: Path) -> "TemporaryDirectory[str]":
    try:
        return TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-")
    except OSError as error:
        raise FleetError(f"cannot write to {target.parent}: {error.strerror}; name another FILE") from error


@contextmanager
def reading(source: Path) -> Iterator[tuple[Manifest, Path]]:
    """Yields what a backup is of, and a directory with its files; raises FleetError when it is none."""
    with TemporaryDirectory(prefix="comanda-restore-") as scratch:
        try:
            with tarfile.open(source) as archive:
                _unpack(archive, Path(scratch))
            manifest = Manifest(**json.loads((Path(scratch) / MANIFEST).read_text()))
        except (OSError, tarfile.TarError, ValueError, TypeError) as error:
            raise FleetError(f"{source} is no backup, or not whole: {str(error).splitlines()[0]}") from error
        if manifest.format != FORMAT:
            raise FleetError(f"{source} was made by another version of comanda: restore it with that one")
        yield manifest, Path(scratch)


def _unpack(archive: tarfile.TarFile, directory: Path) -> None:
    """Writes files and directories of an archive into an empty directory; raises ValueError for all that lies elsewhere.

    tarfile itself knows how to refuse that only since Python 3.11.4, and Debian 12 has 3.11.2.
    """
    for member in archive:
        place = directory / member.name
        if not place.resolve().is_relative_to(directory.resolve()):
            raise ValueError(f"{member.name} does not belong there")
        if member.isdir():
            place.mkdir()
        elif member.isreg() and (content := archive.extractfile(member)):
            with place.open("xb") as file:
                shutil.copyfileobj(content, file)
        else:
            raise ValueError(f"{member.name} is neither a file nor a directory")


def describe(directory: Path, manifest: Manifest) -> None:
    """Puts the manifest among the files."""
    (directory / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2))
