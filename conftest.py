"""Fixtures for every test of the repository."""

import os
from collections import Counter
from collections.abc import Generator

import pytest
from _pytest.nodeid import NodeId
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


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Lets the tests of one xdist_group share a worker, and refuses tests with the same id.

    xdist 3.8 does not write the id where pytest 9.2 looks for it; and of tests with the same id, it runs only one.
    """
    yield
    for item in items:
        if grouped := vars(item).get("_nodeid"):
            item._id = NodeId.parse(grouped)
    twins = [nodeid for nodeid, count in Counter(item.nodeid for item in items).items() if count > 1]
    if twins:
        raise pytest.UsageError(f"several tests have the id {twins[0]}")
