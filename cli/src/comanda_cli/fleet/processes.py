"""The plan of Comanda's own fleet: which process runs with which environment, and in which order."""

import os
import signal
import sys
from collections.abc import Mapping

from comanda_cli.fleet.addresses import Addresses
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.plan import Plan, Program, Step
from comanda_cli.fleet.ports import Ports
from comanda_cli.fleet.secrets import Secrets
from comanda_cli.fleet.services import GATEWAY, OMIE, SERVICES, Service
from comanda_cli.fleet.services import processes as processes_of
from embedded import nats, postgres
from embedded.tether import tethered

# Every process of a fleet carries its home in this variable: that is how leftovers are found.
MARK = "COMANDA_FLEET"
# NATS acknowledges what it has not yet on the disk. Until it surely has, the outbox keeps every message.
NATS_SYNC = "200ms"
OUTBOX_HOLD_SECONDS = "1"
# A fleet on one machine talks over the loopback device, in the clear: its tools have no certificates.
NOT_INHERITED = ("COMANDA_IDENTITY_PRIVATE_KEY", "COMANDA_TLS_", "COMANDA_HTTPS_", "COMANDA_HEALTH_LISTEN")
# A fleet on one machine is for development and measurements: nobody is held back unless the environment says so.
RATES = (
    "COMANDA_RATE_READS_PER_HOUR",
    "COMANDA_RATE_MODIFICATIONS_PER_MINUTE",
    "COMANDA_RATE_COMMITS_PER_MINUTE",
    "COMANDA_RATE_ANONYMOUS_PER_HOUR",
)


def plan(home: Home, ports: Ports, secrets: Secrets, addresses: Addresses) -> Plan:
    """Makes the plan; prepares the directories of the embedded servers."""
    common = _common_environment(home, secrets, addresses)
    services = [
        _service(service, name, secrets, addresses, common)
        for service in SERVICES
        for name in processes_of(service.name, addresses.replicas)
    ]
    gateways = [_gateway(name, addresses, common) for name in processes_of(GATEWAY, addresses.replicas)]
    migrations = [_migration(service, addresses, common) for service in SERVICES]
    return Plan(
        servers=_servers(home, ports, secrets, addresses),
        steps=[
            Step("Preparing the databases", [_own_step("databases", home)]),
            Step("Migrating them", migrations),
        ],
        services=[*services, _omie(home, ports, secrets), *gateways],
        opening=Step("Waiting until everything is healthy", [_own_step("opening", home)]),
        greeting=_greeting(home, addresses),
    )


def _servers(home: Home, ports: Ports, secrets: Secrets, addresses: Addresses) -> list[Program]:
    servers = []
    if addresses.own_postgres:
        servers.append(_postgres(home, ports["postgres"], secrets))
    if addresses.own_nats:
        servers.append(_nats(home, ports["nats"], secrets))
    return servers


def _postgres(home: Home, port: int, secrets: Secrets) -> Program:
    postgres.initialise(home.postgres, secrets.postgres)
    return Program(
        "postgres",
        postgres.command(home.postgres, port),
        environment={MARK: str(home.path), "LC_ALL": "C"},
        directory=home.postgres,
        stop_signal=signal.SIGINT,
        stop_rank=3,
        is_ready=lambda: postgres.is_ready(port),
    )


def _nats(home: Home, port: int, secrets: Secrets) -> Program:
    config = nats.configure(home.nats, port, password=secrets.nats, sync_interval=NATS_SYNC)
    return Program(
        "nats",
        nats.command(config),
        environment={MARK: str(home.path)},
        directory=home.nats,
        stop_rank=2,
        is_ready=lambda: nats.is_ready(port),
    )


def _service(service: Service, name: str, secrets: Secrets, addresses: Addresses, common: Mapping[str, str]) -> Program:
    environment = {
        **common,
        "COMANDA_DATABASE_URL": addresses.databases[service.name],
        "COMANDA_LISTEN": addresses.grpc[name],
        "COMANDA_METRICS_LISTEN": addresses.metrics[name],
    }
    if service.name == "sales":
        environment["COMANDA_IDENTITY_PRIVATE_KEY"] = secrets.identity_private_key
    if service.name == "erp-bridge" and addresses.simulated_erp:
        environment |= _simulated_account(secrets, addresses)
    return Program(name, _python(service.package, "serve"), environment)


def _migration(service: Service, addresses: Addresses, common: Mapping[str, str]) -> Program:
    environment = {**common, "COMANDA_DATABASE_URL": addresses.databases[service.name]}
    return Program(service.name, _python(service.package, "migrate"), environment)


def _gateway(name: str, addresses: Addresses, common: Mapping[str, str]) -> Program:
    environment = {
        **dict.fromkeys(RATES, "1000000"),
        **common,
        "COMANDA_LISTEN": addresses.gateway,
        "COMANDA_METRICS_LISTEN": addresses.metrics[name],
        "COMANDA_SHARE_PORT": str(addresses.replicas > 1),
    }
    return Program(name, _python(GATEWAY, "serve"), environment, stop_rank=0)


def _simulated_account(secrets: Secrets, addresses: Addresses) -> dict[str, str]:
    """Returns how the bridge reaches the simulator; OMIE_API_BASE_URL in the environment names another ERP, with its keys."""
    return {
        "OMIE_API_BASE_URL": f"{addresses.omie_simulator}/api/v1/",
        "OMIE_APP_KEY": secrets.omie_app_key,
        "OMIE_APP_SECRET": secrets.omie_app_secret,
        "OMIE_WEBHOOK_SECRET": secrets.omie_webhook_secret,
        # Whoever tries things out invoices at once, and has registered no webhooks.
        "OMIE_ORDER_LOOK_SECONDS": os.environ.get("OMIE_ORDER_LOOK_SECONDS", "15"),
    }


def _omie(home: Home, ports: Ports, secrets: Secrets) -> Program:
    environment = {
        **os.environ,
        MARK: str(home.path),
        "OMIE_SIMULATOR_LISTEN": f"127.0.0.1:{ports[OMIE]}",
        "OMIE_SIMULATOR_DIRECTORY": str(home.path / OMIE),
        "OMIE_SIMULATOR_APP_KEY": secrets.omie_app_key,
        "OMIE_SIMULATOR_APP_SECRET": secrets.omie_app_secret,
        "OMIE_SIMULATOR_CLOSING_CALL": _closing_call(),
    }
    return Program(OMIE, _python("omie_simulator", "serve"), environment)


def _closing_call() -> str:
    """Returns the closing call that the bridge is told to use, so that the simulated account has it; none as a rule."""
    call = os.environ.get("OMIE_PO_CLOSE_CALL", "")
    endpoint = os.environ.get("OMIE_PO_CLOSE_ENDPOINT") or "produtos/pedidocompra/"
    return f"{endpoint.strip('/')}/{call}" if call else ""


def _own_step(name: str, home: Home) -> Program:
    return Program(name, _python(f"comanda_cli.fleet.{name}", str(home.path)), {**os.environ, MARK: str(home.path)})


def _common_environment(home: Home, secrets: Secrets, addresses: Addresses) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
    peers = {service.address_variable: addresses.target(service.name) for service in SERVICES}
    return {
        **inherited,
        **peers,
        MARK: str(home.path),
        "PYTHONUNBUFFERED": "1",
        "COMANDA_NATS_URL": addresses.nats_url,
        "COMANDA_STREAM_PREFIX": addresses.prefix,
        "COMANDA_IDENTITY_PUBLIC_KEY": secrets.identity_public_key,
        **({"COMANDA_OUTBOX_HOLD_SECONDS": OUTBOX_HOLD_SECONDS} if addresses.own_nats else {}),
    }


def _python(module: str, *arguments: str) -> list[str]:
    # SIGKILL: a service has nothing to save, and one that is slow to drain must not meet the next start.
    return tethered([sys.executable, "-m", module, *arguments], signal.SIGKILL)


def _greeting(home: Home, addresses: Addresses) -> list[str]:
    return [
        f"Comanda is up at {addresses.base_url} (documentation: {addresses.base_url}/docs)",
        f"An API key is in {home.path / 'credentials.json'}",
        f"End it with: comanda down --home {home.path}",
    ]
