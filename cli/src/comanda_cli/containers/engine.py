"""Calls the compose command of the machine."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from comanda_cli.fleet.errors import FleetError

COMPOSE_FILE = "docker-compose.yml"
PLUGIN, PROGRAM = ["docker", "compose"], ["docker-compose"]


def command() -> list[str]:
    """Returns how compose is called here; raises FleetError when it is not there, or no engine answers."""
    if shutil.which("docker") is None or subprocess.run(["docker", "info"], capture_output=True).returncode != 0:
        raise FleetError("no container engine answers: install Docker and start it")
    if subprocess.run([*PLUGIN, "version"], capture_output=True).returncode == 0:
        return PLUGIN
    if shutil.which(PROGRAM[0]):
        return PROGRAM
    raise FleetError("there is no `docker compose` and no `docker-compose`: install one of them")


def compose(project: str, environment: Mapping[str, str], *arguments: str) -> None:
    """Runs compose on the checkout's docker-compose.yml, profile dev included; raises FleetError when it fails."""
    argv = [*command(), "--project-name", project, "--file", str(_file()), *arguments]
    run = subprocess.run(argv, env={**os.environ, "COMPOSE_PROFILES": "dev", **environment})
    if run.returncode != 0:
        raise FleetError(f"`{' '.join([*argv[:2], arguments[0]])}` failed with status {run.returncode}: see above")


def _file() -> Path:
    for place in (Path.cwd(), *Path.cwd().parents, *Path(__file__).resolve().parents):
        if (place / COMPOSE_FILE).exists():
            return place / COMPOSE_FILE
    raise FleetError(f"there is no {COMPOSE_FILE} here or above: run this in a checkout of Comanda")
