"""The operating system account that PostgreSQL runs as: it refuses to be root."""

import os
import pwd
import subprocess
from pathlib import Path
from typing import NamedTuple

from embedded.errors import EmbeddedError


class Account(NamedTuple):
    """A user and its group, by number."""

    uid: int
    gid: int


def unprivileged() -> Account | None:
    """Returns the account to drop to, or None where the caller is an ordinary user already."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError("PostgreSQL refuses to run as root and there is no user `nobody`: add one") from None
    return Account(entry.pw_uid, entry.pw_gid)


def can_run(program: Path, account: Account) -> bool:
    """Tells by trying whether the account may execute the program: modes alone do not say it (mounts, ACLs)."""
    try:
        run = subprocess.run(
            [program, "--version"], user=account.uid, group=account.gid, extra_groups=[], capture_output=True
        )
    except PermissionError:
        return False
    return run.returncode == 0


def own(path: Path, account: Account | None) -> None:
    """Gives a file or directory to the account."""
    if account:
        os.chown(path, account.uid, account.gid)
