"""The manifests under deploy/kubernetes, as kustomize builds them: valid, closed in themselves, and about settings that exist."""

import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

import erp_bridge.settings
import gateway.settings
import inventory.settings
import kit.settings
import orders.settings
import sales.settings

DIRECTORY = Path(__file__).parents[2] / "deploy" / "kubernetes"
KUBECTL = Path(sys.executable).with_name("kubectl")
OVERLAYS = ("staging", "production")
PROCESSES = {"orders", "inventory", "sales", "erp-bridge", "gateway"}
SERVICES = PROCESSES - {"gateway"}
SETTINGS = {
    "orders": [orders.settings.Settings],
    "inventory": [inventory.settings.Settings],
    "sales": [sales.settings.Settings],
    "erp-bridge": [kit.settings.Settings, erp_bridge.settings.OmieSettings],
    "gateway": [gateway.settings.Settings],
}

Manifest = dict[str, Any]


@cache
def built(overlay: str) -> list[Manifest]:
    """Returns what `kubectl apply -k` would send."""
    run = subprocess.run([KUBECTL, "kustomize", DIRECTORY / overlay], capture_output=True, text=True, timeout=100)
    assert (run.returncode, run.stderr) == (0, "")
    return list(yaml.safe_load_all(run.stdout))


def of_kind(overlay: str, *kinds: str) -> list[Manifest]:
    return [each for each in built(overlay) if each["kind"] in kinds]


def named(overlay: str, kind: str) -> set[str]:
    return {each["metadata"]["name"] for each in of_kind(overlay, kind)}


def pods(overlay: str) -> Iterator[tuple[str, dict[str, str], Manifest, Manifest]]:
    """Yields name, labels, pod, and container of everything that runs."""
    for each in of_kind(overlay, "Deployment", "Job"):
        template = each["spec"]["template"]
        [container] = template["spec"]["containers"]
        yield each["metadata"]["name"], template["metadata"]["labels"], template["spec"], container


def variables(process: str) -> set[str]:
    """Returns the names of all settings of a process."""
    return {
        f"{settings.model_config['env_prefix']}{field}".upper()
        for settings in SETTINGS[process]
        for field in settings.model_fields
    }


def is_selected(selector: Manifest, labels: dict[str, str]) -> bool:
    wanted = selector.get("matchLabels", {})
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", [])
    )


@pytest.fixture
def kept_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the validator read its schemas once: it reads two megabytes of them for each manifest."""
    monkeypatch.setattr(kubernetes_validate.utils, "schema_contents", cache(kubernetes_validate.utils.schema_contents))


@pytest.mark.usefixtures("kept_schemas")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_manifest_is_valid(overlay: str) -> None:
    for each in built(overlay):
        kubernetes_validate.validate(each, "1.37", strict=True)


def test_the_validator_refuses_what_kubernetes_does_not_know() -> None:
    wrong = {**of_kind("base", "Deployment")[0], "spec": {"template": {}, "selector": {}, "replcas": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.37", strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_process_runs_behind_a_name_with_a_budget_and_scales_on_its_lag(overlay: str) -> None:
    for kind in ("Deployment", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler"):
        assert named(overlay, kind) == PROCESSES
    assert named(overlay, "Job") == {f"{name}-migrate" for name in SERVICES}
    for each in of_kind(overlay, "HorizontalPodAutoscaler"):
        name, spec = each["metadata"]["name"], each["spec"]
        assert spec["scaleTargetRef"]["name"] == name
        assert spec["minReplicas"] < spec["maxReplicas"]
        lags = [metric["external"]["metric"] for metric in spec["metrics"] if metric["type"] == "External"]
        wanted = {"name": "comanda_consumer_pending", "selector": {"matchLabels": {"service": name}}}
        assert lags == ([wanted] if name in SERVICES else [])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_named_exists(overlay: str) -> None:
    everyone = {name: labels for name, labels, _, _ in pods(overlay)}
    ports = {port["name"] for _, _, _, container in pods(overlay) for port in container.get("ports", [])}
    for each in of_kind(overlay, "Service"):
        labels = everyone[each["metadata"]["name"]]
        assert is_selected({"matchLabels": each["spec"]["selector"]}, labels)
        assert {port["targetPort"] for port in each["spec"]["ports"]} <= ports
    for each in of_kind(overlay, "PodDisruptionBudget"):
        assert is_selected(each["spec"]["selector"], everyone[each["metadata"]["name"]])
    for each in of_kind(overlay, "NetworkPolicy"):
        selector = each["spec"]["podSelector"]
        assert any(is_selected(selector, labels) for labels in everyone.values()), each["metadata"]["name"]
        rules = [*each["spec"].get("ingress", []), *each["spec"].get("egress", [])]
        asked = {port["port"] for rule in rules for port in rule.get("ports", [])}
        assert {port for port in asked if isinstance(port, str)} <= ports
    for _, _, pod, container in pods(overlay):
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
        assert {source["configMapRef"]["name"] for source in container["envFrom"]} <= named(overlay, "ConfigMap")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_variable_is_a_setting_of_a_process(overlay: str) -> None:
    [settings] = of_kind(overlay, "ConfigMap")
    assert set(settings["data"]) <= variables("orders")
    for name, _, _, container in pods(overlay):
        given = {each["name"] for each in container.get("env", [])}
        assert given <= variables(name.removesuffix("-migrate")), name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_secret_is_in_the_table_with_settings_of_its_process(overlay: str) -> None:
    rows = [
        line.split("|")[1:-1] for line in (DIRECTORY / "README.md").read_text().splitlines() if "| `comanda-" in line
    ]
    table = {name.strip(" `"): {key.strip(" `") for key in keys.split(",")} for name, keys in rows}
    secrets = {
        each["secret"]["secretName"] for _, _, pod, _ in pods(overlay) for each in pod["volumes"] if "secret" in each
    }
    assert secrets <= set(table)
    for name in SERVICES:
        assert {key.upper() for key in table[f"comanda-{name}"]} <= variables(name)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_runs_as_root_writes_to_its_image_takes_all_or_goes_unwatched(overlay: str) -> None:
    for name, _, pod, container in pods(overlay):
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
        assert container["resources"]["limits"]["memory"]
        assert container["image"].rpartition(":")[2] not in ("", "latest")
        probes = [container.get(f"{kind}Probe", {}) for kind in ("startup", "readiness", "liveness")]
        if name in SERVICES:
            assert [probe["grpc"] for probe in probes] == [
                {"port": 8081}, {"port": 8081, "service": "live"}, {"port": 8081, "service": "live"}
            ]  # fmt: skip
        elif name == "gateway":
            assert {probe["httpGet"]["path"] for probe in probes} == {"/health/live"}
            assert {probe["httpGet"].get("scheme") for probe in probes} == {
                "HTTPS" if overlay == "production" else None
            }
