"""A tethered program ends with its parent."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from embedded.tether import tethered

PARENT = """
import signal, subprocess, sys, time
from embedded.tether import tethered
child = subprocess.Popen(tethered(sys.argv[2:], signal.Signals(int(sys.argv[1]))))
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.parametrize("death_signal", [signal.SIGTERM, signal.SIGKILL])
def test_the_program_ends_when_its_parent_is_killed(death_signal: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(int(death_signal)), "sleep", "600"], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    assert psutil.wait_procs([child], timeout=100)[1] == []


def test_the_program_keeps_its_exit_status_and_output() -> None:
    run = subprocess.run(tethered(["sh", "-c", "echo out; exit 3"], signal.SIGTERM), capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (3, "out\n")


def test_the_program_does_not_start_when_its_parent_is_gone_already(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    argv = tethered(["touch", str(mark)], signal.SIGTERM)
    # Started by an intermediate shell, it finds another parent than the one it was made for.
    run = subprocess.run(["sh", "-c", '"$@"; exit $?', "sh", *argv], capture_output=True, text=True)
    assert (run.returncode, mark.exists()) == (1, False)
    assert "is gone" in run.stderr


def test_the_program_works_in_batches() -> None:
    print_policy = "import os; print(os.sched_getscheduler(0) == os.SCHED_BATCH)"
    run = subprocess.run(tethered([sys.executable, "-c", print_policy], signal.SIGTERM), capture_output=True, text=True)
    assert run.stdout == "True\n"
