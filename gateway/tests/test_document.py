"""The OpenAPI document against the running gateway: what it allows is answered, what it forbids is refused."""

import asyncio
import os
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import protovalidate
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from comanda.orders.v1 import sessions_pb2
from gateway import openapi, routes

from .standin import API_KEY, running

PATIENCE = 60
"""Seconds for an answer: more than a loaded machine needs."""
BOUNDED = settings(
    max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """A gateway in a thread of its own, for schemathesis waits without an event loop; or the one that the environment names."""
    if FLEET in os.environ:
        yield os.environ[FLEET]
        return
    ready, stop = threading.Event(), threading.Event()
    found: list[str] = []

    async def serve() -> None:
        async with running() as house:
            found.append(str(house.client.base_url))
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    yield found[0]
    stop.set()
    thread.join()


FLEET, FLEET_KEY = "COMANDA_TEST_BASE_URL", "COMANDA_TEST_API_KEY"
DOCUMENT = openapi.document(routes.discover())
RAW = {route.template for route in routes.discover() if route.raw}
schema = schemathesis.openapi.from_dict(DOCUMENT)
schema.config.generation.update(allow_x00=False)
OPERATIONS = {each.ok().label: each.ok() for each in schema.get_all_operations()}


# The gateway's thread draws random numbers while hypothesis looks whether a strategy did.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_operation_keeps_what_the_document_says(label: str, base_url: str) -> None:
    operation = OPERATIONS[label]
    if FLEET in os.environ and "Last-Event-ID" in {each["name"] for each in operation.definition.raw["parameters"]}:
        pytest.skip("a live stream does not end")  # so no reading of its whole answer comes back

    def keeps(case: Any) -> None:
        headers = {"Authorization": f"Bearer {os.environ.get(FLEET_KEY, API_KEY)}"}
        case.call_and_validate(base_url=base_url, headers=headers, excluded_checks=unfit(case), timeout=PATIENCE)

    tried_with_cases_of(operation, keeps)


def tried_with_cases_of(operation: Any, keeps: Callable[[Any], None]) -> None:
    """Calls a function with what schemathesis finds for an operation.

    As `schema.parametrize()` does, but in the operation's own turn. That one makes the cases of all operations while the
    tests are collected: half a minute, in every worker.
    """
    load_all_checks()
    each_case = build_operation_test(
        config=schema.config, operation=operation, test_func=BOUNDED(keeps), given_kwargs={}, feedback=NO_FEEDBACK
    )
    each_case()


def unfit(case: Any) -> list[Any]:
    """The checks that mean nothing for an operation."""
    # No JSON Schema can say that a header and a field must be equal, so what the document allows may still be refused.
    checks = [positive_data_acceptance]
    parameters = DOCUMENT["paths"][case.path].get(case.method.lower(), {}).get("parameters", ())
    if case.path in RAW:  # whoever checks the signature reads the body
        checks.append(negative_data_rejection)
    if any(each["in"] == "query" and each["schema"].get("type") == "array" for each in parameters):
        # In a query, null and a list of the text "null" look the same.
        checks.append(negative_data_rejection)
    return checks


@pytest.mark.parametrize(("text", "taken"), [("a", True), ("\v", True), ("\xa0", True), ("\t\n\f\r ", False)])
def test_the_document_takes_for_blanks_what_the_services_do(text: str, taken: bool) -> None:
    schemas = DOCUMENT["paths"]["/api/v1/sessions"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    pattern = schemas["properties"]["handle_ref"]["pattern"]
    asked = sessions_pb2.OpenSessionRequest(channel_code="counter", handle_type="tab", handle_ref=text)
    violations = protovalidate.collect_violations(asked)
    assert (bool(re.search(pattern, text)), not violations) == (taken, taken)
