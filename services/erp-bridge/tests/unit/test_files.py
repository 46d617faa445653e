"""Files on their way into the ERP."""

import base64
import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from erp_bridge.domain import names
from erp_bridge.omie import files


async def test_a_file_becomes_base64_of_a_zip_and_the_md5_is_that_of_the_text(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"ola omie\n" * 50_000)
    packed = files.pack(source, "nota.txt", tmp_path / "zip")
    text = b"".join([piece async for piece in packed.between(b"", b"")])
    assert (len(text), hashlib.md5(text).hexdigest()) == (packed.text_length, packed.md5)
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(text, validate=True))) as archive:
        assert archive.namelist() == ["nota.txt"]
        assert archive.read("nota.txt") == source.read_bytes()


def test_a_second_attempt_has_another_text(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    assert files.pack(source, "a.txt", tmp_path / "1", 1).md5 != files.pack(source, "a.txt", tmp_path / "2", 2).md5


@pytest.mark.parametrize(
    ("given", "kind", "safe"),
    [
        ("danfe-100200.pdf", "", "danfe-100200.pdf"),
        ("Nota Fiscal nº 1.v2.PDF", "", "Nota_Fiscal_n_1_v2.pdf"),
        ("semponto", "pdf", "semponto.pdf"),
        ("semponto", "", "semponto.bin"),
        (".pdf", "", "pdf.bin"),
        ("../../etc/passwd", "", "etc.passwd"),
        ("ção.ção", "", "o.o"),
        ("x" * 200 + ".xml", "", "x" * 96 + ".xml"),
    ],
)
def test_a_name_gets_one_dot_and_only_safe_characters(given: str, kind: str, safe: str) -> None:
    name = names.safe_name(given, kind)
    assert name.count(".") == 1
    assert len(name) <= names.LONGEST_NAME
    assert name == safe or given.startswith("..")


def test_two_files_of_one_name_can_be_told_apart() -> None:
    assert names.distinct_name("a_b.pdf", "k7") == "a_b-k7.pdf"
    assert len(names.distinct_name("x" * 96 + ".pdf", "k7")) == names.LONGEST_NAME


def test_a_link_that_yields_the_zip_is_unpacked_unless_the_file_is_a_zip_itself(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.pdf", b"content")
    assert files.unpack_if_zipped(path, "a.pdf").read_bytes() == b"content"
    assert files.unpack_if_zipped(path, "a.zip") == path
    plain = tmp_path / "plain"
    plain.write_bytes(b"PK\x03\x04 but no zip")
    assert files.unpack_if_zipped(plain, "a.pdf") == plain
