"""What `comanda restore` refuses, and what a backup's file promises; the rest is in tests/scale."""

import tarfile
from pathlib import Path

import pytest

from comanda_cli.backup import archive, restoring
from comanda_cli.backup.archive import Manifest
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home

MANIFEST = Manifest("2026-11-21T12:00:00+00:00", "comanda", ["orders"], {"nats": "secret"}, {"api_key": "secret"})


def test_a_home_that_is_not_new_is_refused(tmp_path: Path) -> None:
    restoring.check(Home(tmp_path / "new"))
    restoring.check(Home(tmp_path))
    (tmp_path / "secrets.json").touch()
    with pytest.raises(FleetError, match="is not empty"):
        restoring.check(Home(tmp_path))


@pytest.mark.parametrize("content", [b"", b"no archive", b"\0" * 20_480])
def test_a_file_that_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(FleetError, match="is no backup"), archive.reading(tmp_path / "file"):
        pass


@pytest.mark.parametrize("name", ["../stray", "/stray", "in/stray", ".."])
def test_a_file_that_would_write_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "file", "w") as packed:
        packed.addfile(tarfile.TarInfo(name))
    with pytest.raises(FleetError, match="is no backup"), archive.reading(tmp_path / "file"):
        pass


def test_a_backup_is_its_owners_only_and_says_what_it_is_of(tmp_path: Path) -> None:
    with archive.writing(tmp_path / "file") as directory:
        archive.describe(directory, MANIFEST)
        (directory / "orders.dump").write_text("rows")
        (directory / "omie-simulator").mkdir()
        (directory / "omie-simulator" / "records").write_text("orders")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    with archive.reading(tmp_path / "file") as (manifest, directory):
        assert manifest == MANIFEST
        assert (directory / "orders.dump").read_text() == "rows"
        assert (directory / "omie-simulator" / "records").read_text() == "orders"


def test_a_backup_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no space"), archive.writing(tmp_path / "file"):
        raise OSError("no space")
    assert list(tmp_path.iterdir()) == []
