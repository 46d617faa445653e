"""Runs a program so that the kernel ends it when its parent dies, whatever the parent died of.

Used as a script in front of the program: the bond must be tied after the change of user, which clears it, and in a
fresh process, because Python code between fork and exec is unsafe in a parent that has threads.
The parent, for the kernel, is the thread that started the child: start children from a thread that stays.
It also tells the kernel that a dozen such programs share the machine, and work in batches.
"""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def tethered(
    argv: Sequence[str | os.PathLike[str]], death_signal: signal.Signals, account: tuple[int, int] | None = None
) -> list[str]:
    """Returns the command that runs argv bound to the calling process.

    The program gets death_signal when the caller dies, and runs as account (uid, gid) when one is given.
    """
    uid, gid = account or (os.geteuid(), os.getegid())
    bond = [str(int(death_signal)), str(os.getpid()), str(uid), str(gid)]
    return [sys.executable, "-I", "-S", __file__, *bond, *(os.fspath(part) for part in argv)]


def _drop_to(uid: int, gid: int) -> None:
    if uid != os.geteuid():
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def _bind(death_signal: int, parent: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    # The parent may have died before the bond was tied: then no signal will ever come.
    if os.getppid() != parent:
        sys.exit(f"parent {parent} is gone")


def _let_others_finish() -> None:
    """Keeps a message for this program from interrupting another one: each does more at a time, and the caches stay warm."""
    with contextlib.suppress(PermissionError):  # a sandbox may forbid it, and then everything just costs more
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _main(death_signal: str, parent: str, uid: str, gid: str, *argv: str) -> None:
    _drop_to(int(uid), int(gid))
    _bind(int(death_signal), int(parent))
    _let_others_finish()
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    _main(*sys.argv[1:])
