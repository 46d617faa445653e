"""What style.md promises about the layout, checked on the files themselves."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SERVICES = {"orders", "inventory", "sales", "erp_bridge"}
LONGEST_MODULE = 400
DOMAIN_MAY_IMPORT = re.compile(r"kit\.errors(\..+)?|comanda\.\w+\.events\.v\d+(\..+)?|comanda\.types\.v\d+(\..+)?")


def tracked(*patterns: str) -> list[Path]:
    """The files of the repository that match git's patterns: committed ones, and new ones that are not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).exists()]


def imports_of(source: Path) -> Iterator[str]:
    """Every module that a file imports by its full name, `from a import b` as `a` and as `a.b`."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def domain_may_import(name: str, service: str) -> bool:
    """Whether a module of `service`.domain may import `name`."""
    own = name.startswith(f"{service}.domain.")
    standard = name.partition(".")[0] in sys.stdlib_module_names
    return own or standard or DOMAIN_MAY_IMPORT.fullmatch(name) is not None


def test_imports_keep_the_contracts() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_the_domain_imports_only_the_standard_library_errors_and_events(service: str) -> None:
    modules = tracked(f"services/*/src/{service}/domain/*.py", f"services/*/src/{service}/domain.py")
    foreign = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules
        for name in imports_of(path)
        if not domain_may_import(name, service)
    ]
    assert not foreign


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_the_domain_awaits_nothing_and_reads_no_clock(service: str) -> None:
    modules = tracked(f"services/*/src/{service}/domain/*.py", f"services/*/src/{service}/domain.py")
    impure = re.compile(r"\basync def\b|\bawait\b|\.now\(|\.utcnow\(|\.today\(|\btime\.time\(")
    assert not [str(path.relative_to(ROOT)) for path in modules if impure.search(path.read_text())]


def test_generated_code_is_not_tracked() -> None:
    assert not [
        path for path in tracked() if path.name.endswith(("_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi"))
    ]


def test_no_module_is_longer_than_the_house_allows() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in tracked("*.py")}
    assert not {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > LONGEST_MODULE}


def test_no_module_is_called_utils() -> None:
    assert not [path for path in tracked("*.py") if path.stem in {"util", "utils", "helpers", "common", "misc"}]


def test_the_path_of_a_proto_file_is_its_package() -> None:
    package_of = re.compile(r"^package ([\w.]+);$", re.MULTILINE)
    for path in tracked("protos/comanda/*.proto"):
        package = package_of.search(path.read_text())
        assert package is not None, path
        assert package[1].replace(".", "/") == path.parent.relative_to(ROOT / "protos").as_posix()


def test_every_proto_package_is_of_a_known_kind_and_has_a_version() -> None:
    kinds = re.compile(r"comanda/types/v\d+|comanda/[a-z]+/(events/|directives/)?v\d+")
    folders = {path.parent.relative_to(ROOT / "protos").as_posix() for path in tracked("protos/comanda/*.proto")}
    assert not {folder for folder in folders if not kinds.fullmatch(folder)}


def test_every_version_is_pinned_exactly_and_nothing_else_is_said() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert not [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[\w.]+", line)]
    names = [line.partition("==")[0] for line in lines]
    assert names == sorted(set(names))
