"""The dashboard and the alert rules: expressions that Prometheus can read, about metrics that a running fleet exposes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import promql_parser
import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

import erp_bridge.omie.metrics
import gateway.metrics
import kit.metrics
import orders.outbound.courier
import orders.sweeps
from comanda_cli.testing import Fleet
from erp_bridge.omie.answers import Kind
from gateway import routes

DIRECTORY = Path(__file__).parents[2] / "deploy" / "monitoring"
DECLARED_BY = (erp_bridge.omie.metrics, gateway.metrics, kit.metrics, orders.outbound.courier, orders.sweeps)
OWN_LABELS = {"job", "instance", "le"}
"""Of Prometheus itself, and of its histograms."""
SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}
VALUES = {
    "code": {each.name for each in grpc.StatusCode},
    "kind": {str(each) for each in Kind},
    "method": {method.name for method in routes.methods()},
    "status": {str(status) for status in httpx.codes},
    "job": {"comanda"},
}


def rules() -> list[dict[str, Any]]:
    """Returns the alert rules."""
    [group] = yaml.safe_load((DIRECTORY / "alerts.yaml").read_text())["groups"]
    return list(group["rules"])


def panels() -> list[dict[str, Any]]:
    """Returns the panels of the dashboard."""
    return list(json.loads((DIRECTORY / "dashboard.json").read_text())["panels"])


def expressions() -> Iterator[str]:
    """Yields all that Prometheus is asked."""
    yield from (rule["expr"] for rule in rules())
    for panel in panels():
        # Grafana puts a span of time in its place.
        yield from (target["expr"].replace("$__rate_interval", "5m") for target in panel["targets"])


def selectors(expression: Any) -> Iterator[Any]:
    """Yields every selector in a parsed expression."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for part in ("lhs", "rhs", "expr", "vector_selector"):
        if found := getattr(expression, part, None):
            yield from selectors(found)
    for argument in getattr(expression, "args", ()):
        yield from selectors(argument)


def grouped(expression: Any) -> Iterator[str]:
    """Yields the labels by which a parsed expression aggregates."""
    if isinstance(expression, promql_parser.AggregateExpr) and expression.modifier:
        yield from expression.modifier.labels
    for part in ("lhs", "rhs", "expr"):
        if found := getattr(expression, part, None):
            yield from grouped(found)
    for argument in getattr(expression, "args", ()):
        yield from grouped(argument)


def labels_of() -> dict[str, set[str]]:
    """Returns the labels of every metric that the code declares, by the name of the metric."""
    declared = [each for module in DECLARED_BY for each in vars(module).values() if isinstance(each, MetricWrapperBase)]
    # prometheus_client tells the names of labels in no public way.
    return {each.describe()[0].name: set(each._labelnames) for each in declared}


@pytest.mark.xdist_group("fleet")
def test_every_metric_that_is_asked_for_is_exposed_by_a_running_fleet_with_these_labels(fleet: Fleet) -> None:
    declared, exposed = labels_of(), {"up": {"job", "instance"}}
    for address in fleet.addresses.metrics.values():
        for family in text_string_to_metric_families(httpx.get(f"http://{address}/metrics").raise_for_status().text):
            for suffix in SUFFIXES.get(family.type, []):
                exposed[family.name + suffix] = declared.get(family.name, set())
    asked = {selector.name for text in expressions() for selector in selectors(promql_parser.parse(text))}
    assert asked <= exposed.keys()
    for text in expressions():
        parsed = promql_parser.parse(text)
        for selector in selectors(parsed):
            known = exposed[selector.name] | OWN_LABELS
            assert {matcher.name for matcher in selector.matchers.matchers} | set(grouped(parsed)) <= known, text
    assert set(declared) <= {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in asked}, "all are shown"


def test_every_value_that_a_label_is_compared_with_can_occur() -> None:
    for text in expressions():
        for selector in selectors(promql_parser.parse(text)):
            for matcher in selector.matchers.matchers:
                assert any(re.fullmatch(matcher.value, value) for value in VALUES[matcher.name]), text


def test_every_rule_says_how_bad_it_is_and_what_to_do_and_only_names_labels_that_it_has() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"].keys() == {"summary", "description"}
        told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert told <= {*grouped(promql_parser.parse(rule["expr"])), "instance"}


def test_no_panel_lies_upon_another_and_every_legend_names_labels_that_are_left() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
        for target in panel["targets"]:
            parsed = promql_parser.parse(target["expr"].replace("$__rate_interval", "5m"))
            named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            assert named <= {*grouped(parsed), "instance"}, panel["title"]
