"""What is logged, and what becomes of it."""

import subprocess
import sys
from pathlib import Path

LOGGING = """
import structlog
from kit import logs
logs.configure("shop", "info")
structlog.get_logger().error("nobody hears this")
print("going on")
"""


def test_who_logs_onto_a_full_disk_goes_on() -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run([sys.executable, "-c", LOGGING], stdout=subprocess.PIPE, stderr=full, text=True)
    # 120 is what the Python of Debian 12 itself ends with when the rest of its standard error cannot be flushed.
    assert (run.returncode in (0, 120), run.stdout) == (True, "going on\n")
