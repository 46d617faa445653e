"""Fixtures for every test of the repository."""

import os

from hypothesis import settings

# Before pytest names the modules in gateway/tests after their folder and thereby makes a package `gateway` of its own.
import gateway  # noqa: F401  # imported to be first

pytest_plugins = ["kit.testing", "comanda_cli.testing"]

# Tests that choose at random choose the same in every run, unless it is told otherwise.
SEED = os.environ.setdefault("COMANDA_TEST_SEED", "20261121")
# A machine may be as busy as it likes; what is found can be repeated by what is printed.
settings.register_profile("comanda", deadline=None, print_blob=True)
settings.load_profile("comanda")


def pytest_report_header() -> str:
    """Says by which seed a run can be repeated."""
    return f"random choices: COMANDA_TEST_SEED={SEED}"
