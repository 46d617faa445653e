"""The last step of the start, `python -m comanda_cli.fleet.opening HOME`: everything healthy, credentials written."""

import asyncio
import sys
import time
from pathlib import Path

import grpc

from comanda_cli.fleet import secrets
from comanda_cli.fleet.addresses import Addresses, kept
from comanda_cli.fleet.bootstrap import create_demo_business
from comanda_cli.fleet.health import gateway_is_healthy, service_is_healthy, web_is_healthy
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.services import GATEWAY, OMIE

# For one process of each service; more of them take longer on the same machine.
HEALTHY_SECONDS = 180.0
POLL_SECONDS = 0.1


def until_healthy(addresses: Addresses, seconds: float) -> None:
    """Returns when everything says that it is healthy; ends the process with a reason if not."""
    deadline = time.monotonic() + seconds
    for name, address in addresses.grpc.items():
        while not service_is_healthy(address):
            _pause(deadline, name)
    while not web_is_healthy(addresses.omie_simulator):
        _pause(deadline, OMIE)
    while not gateway_is_healthy(addresses.base_url):
        _pause(deadline, GATEWAY)


def write_credentials(home: Home, addresses: Addresses) -> None:
    """Writes what a client needs; at the first start this makes the business and its key."""
    former = home.read("credentials")
    business, key = (former["business"], former["api_key"]) if former else _first_business(home, addresses)
    known = secrets.load(home)
    content = {
        "base_url": addresses.base_url,
        "api_key": key,
        "business": business,
        "grpc": addresses.grpc,
        "omie_simulator": addresses.omie_simulator,
        "omie_app_key": known.omie_app_key,
        "omie_app_secret": known.omie_app_secret,
        "omie_webhook_secret": known.omie_webhook_secret,
    }
    home.write("credentials", content)


def _first_business(home: Home, addresses: Addresses) -> tuple[str, str]:
    return asyncio.run(create_demo_business(addresses.grpc["sales"], addresses.grpc["erp-bridge"], secrets.load(home)))


def _pause(deadline: float, name: str) -> None:
    if time.monotonic() > deadline:
        sys.exit(f"{name} does not become healthy: see `comanda logs {name}`")
    time.sleep(POLL_SECONDS)


def main(path: str) -> None:
    """Opens the fleet of a home."""
    home = Home(Path(path))
    addresses = kept(home)
    until_healthy(addresses, HEALTHY_SECONDS * addresses.replicas)
    try:
        write_credentials(home, addresses)
    except grpc.RpcError as error:
        sys.exit(f"the first business cannot be created: {error}".replace("\n", " "))


if __name__ == "__main__":
    main(*sys.argv[1:])
