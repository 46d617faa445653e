"""Routes and what is made of them."""

import re
from functools import partial
from typing import Any

import pytest
from openapi_spec_validator import validate

from gateway import openapi, reference, requests, routes
from gateway.router import Router, WrongMethod
from kit.errors import Invalid, NotFound

ROUTES = routes.discover()
ROUTER = Router(ROUTES)


def build(verb: str, path: str, body: bytes = b"", query: bytes = b"", **headers: str) -> Any:
    route, variables = ROUTER.find(verb, path)
    return requests.build(route, variables, query, {name.replace("_", "-"): headers[name] for name in headers}, body)


@pytest.mark.parametrize(
    "path", ["/api/v1/orders/ORD-1", "/api/orders/ORD-1", "/api/v1/orders/ORD-1/", "/api/v1/orders/ORD%2D1"]
)
def test_a_path_means_the_same_with_and_without_version_and_slash(path: str) -> None:
    route, variables = ROUTER.find("GET", path)
    assert (route.path, variables) == ("/comanda.orders.v1.OrderService/GetOrder", {"ref": "ORD-1"})


def test_a_literal_segment_wins_over_a_variable() -> None:
    assert ROUTER.find("POST", "/api/v1/reservations/release")[0].path.endswith("/ReleaseReservations")
    assert ROUTER.find("POST", "/api/v1/reservations/7/release")[0].path.endswith("/ReleaseReservation")


def test_a_literal_path_hides_the_methods_of_a_variable_one() -> None:
    with pytest.raises(WrongMethod) as wrong:
        ROUTER.find("GET", "/api/v1/reservations/release")
    assert wrong.value.allowed == ["POST"]


def test_unknown_paths_and_methods_are_told_apart() -> None:
    with pytest.raises(NotFound):
        ROUTER.find("GET", "/api/v1/nothing")
    with pytest.raises(WrongMethod) as wrong:
        ROUTER.find("DELETE", "/api/v1/orders")
    assert wrong.value.allowed == ["GET"]


def test_a_commit_without_a_key_gets_one_and_a_key_in_two_places_must_agree() -> None:
    commit = partial(build, "POST", "/api/v1/sessions/S/commit")
    assert re.fullmatch("IDEM-[A-HJ-NP-Z2-9]{16}", commit().idempotency_key)
    assert commit(idempotency_key="K").idempotency_key == "K"
    assert commit(b'{"idempotency_key": "K"}', idempotency_key="K").idempotency_key == "K"
    with pytest.raises(Invalid) as refusal:
        commit(b'{"idempotency_key": "L"}', idempotency_key="K")
    assert refusal.value.code == "key_mismatch"


def test_if_match_stands_for_the_expected_revision() -> None:
    modify = partial(build, "POST", "/api/v1/sessions/S/modify")
    assert modify(if_match='"3"').expected_rev == modify(b'{"expected_rev": 3}', if_match='"3"').expected_rev == 3
    assert not modify(if_match="*").HasField("expected_rev")
    for body, header in ((b'{"expected_rev": 2}', '"3"'), (b"", '"three"'), (b"", '"1", "2"'), (b"", "")):
        with pytest.raises(Invalid):
            modify(body, if_match=header)


def test_the_path_decides_and_a_body_may_only_agree_with_it() -> None:
    assert build("POST", "/api/v1/sessions/S/modify", b'{"session_key": "S"}').session_key == "S"
    with pytest.raises(Invalid) as refusal:
        build("POST", "/api/v1/sessions/S/modify", b'{"session_key": "T"}')
    assert refusal.value.context == {"field": "session_key", "expected": "path_value"}


def test_query_parameters_are_typed_and_repeated_ones_mean_any_of() -> None:
    query = (
        b"status=new&status=confirmed&page_size=5&include_total=true&created_from=2026-11-20T00:00:00Z&min_total_q=1"
    )
    built = build("GET", "/api/v1/orders", query=query)
    assert (list(built.status), built.page_size, built.include_total) == (["new", "confirmed"], 5, True)


@pytest.mark.parametrize(
    "query",
    [
        b"stats=new",
        b"page_size=x",
        b"page_size=1_0",
        b"page_size=1&page_size=2",
        b"page_size=99999999999999999999",
        b"order_by=%00",
        b"status=%ff",
        b"include_total=yes",
        b"created_from=2026-11-20",
        b"status.x=1",
        b"\xc3\xa3=1",
    ],
)
def test_what_is_wrong_in_a_query_is_refused(query: bytes) -> None:
    with pytest.raises(Invalid):
        build("GET", "/api/v1/orders", query=query)


@pytest.mark.parametrize("query", [b"scope=1&scope.a=2", b"scope.a=1&scope=2", b"scope.a=1&scope.a=2", b"scope.=1"])
def test_a_parameter_that_contradicts_another_is_refused(query: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        build("GET", "/api/v1/refs/resolve", query=query)
    assert refusal.value.code == "wrong_type"


def test_a_query_with_more_parameters_than_anybody_needs_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        build("GET", "/api/v1/availability", query=b"sku=A&" * 1001)
    assert refusal.value.code == "too_many_parameters"


@pytest.mark.parametrize("path", ["/api/v1/orders/%00", "/api/v1/orders/%ff"])
def test_a_path_that_is_no_text_is_refused(path: str) -> None:
    with pytest.raises(Invalid):
        ROUTER.find("GET", path)


def test_the_openapi_document_is_valid_and_has_every_route() -> None:
    document = openapi.document(ROUTES)
    validate(document)
    operations = {(verb.upper(), path) for path, item in document["paths"].items() for verb in item}
    assert operations == {(route.verb, route.template) for route in ROUTES} | {("GET", "/health")}


def test_every_operation_and_field_is_described() -> None:
    document = openapi.document(ROUTES)
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    assert all(operation["description"] for operation in operations)


def test_the_reference_names_every_operation_and_no_other_host() -> None:
    page = reference.render(openapi.document(ROUTES))
    assert all(f'id="{route.descriptor.name}"' in page for route in ROUTES)
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//|@import|url\(", page)
