"""What docker-compose.yml needs from a home: ports and a password in `containers/env`, all other secrets in files beside it."""

import json
from pathlib import Path

from comanda_cli.fleet.addresses import DEFAULT_PREFIX, Addresses, database_url, login
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.ports import LOOPBACK, Ports
from comanda_cli.fleet.secrets import Secrets
from comanda_cli.fleet.services import GATEWAY, OMIE, SERVICES
from embedded import nats

SYNC_INTERVAL = "200ms"
PORT_VARIABLES = {
    GATEWAY: "COMANDA_PORT",
    OMIE: "COMANDA_OMIE_PORT",
    "postgres": "COMANDA_POSTGRES_PORT",
    "nats": "COMANDA_NATS_PORT",
    "orders": "COMANDA_ORDERS_PORT",
    "inventory": "COMANDA_INVENTORY_PORT",
    "sales": "COMANDA_SALES_PORT",
    "erp-bridge": "COMANDA_ERP_PORT",
}
ADMIN = "postgresql://postgres:{}@postgres:5432/postgres"


def directory(home: Home) -> Path:
    """Where the files are."""
    return home.path / "containers"


def write(home: Home, ports: Ports, secrets: Secrets) -> None:
    """Writes all of them anew."""
    target = directory(home)
    # Only its owner looks inside; the files must be readable for the users that the containers run as.
    target.mkdir(mode=0o700, exist_ok=True)
    admin = ADMIN.format(secrets.postgres)
    files = {
        "databases.sql": "".join(
            _database(login(DEFAULT_PREFIX, name), word) for name, word in secrets.databases.items()
        ),
        "nats.json": json.dumps(_nats(secrets.nats)),
        "nats_url": nats.url(4222, secrets.nats).replace("127.0.0.1", "nats"),
        "identity_public_key": secrets.identity_public_key,
        "identity_private_key": secrets.identity_private_key,
        "omie_app_key": secrets.omie_app_key,
        "omie_app_secret": secrets.omie_app_secret,
        "omie_webhook_secret": secrets.omie_webhook_secret,
        "env": "".join(f"{name}={value}\n" for name, value in environment(home, ports, secrets).items()),
    }
    for name, word in secrets.databases.items():
        url = database_url(admin, login(DEFAULT_PREFIX, name), word)
        files[f"{name.replace('-', '_')}_database_url"] = url
    for name, content in files.items():
        (target / name).write_text(content)
        (target / name).chmod(0o644)


def environment(home: Home, ports: Ports, secrets: Secrets) -> dict[str, str]:
    """Returns the variables that docker-compose.yml names."""
    return {
        "COMANDA_SECRETS": str(directory(home).resolve()),
        "COMANDA_POSTGRES_PASSWORD": secrets.postgres,
        **{variable: str(ports[name]) for name, variable in PORT_VARIABLES.items()},
    }


def addresses(ports: Ports, secrets: Secrets) -> Addresses:
    """Returns where everything is reached from this machine, for `comanda import`, `verify`, and the others."""
    admin = ADMIN.format(secrets.postgres).replace("@postgres:5432", f"@{LOOPBACK}:{ports['postgres']}")
    return Addresses(
        base_url=f"http://{LOOPBACK}:{ports[GATEWAY]}",
        gateway=f"{LOOPBACK}:{ports[GATEWAY]}",
        prefix=DEFAULT_PREFIX,
        admin_url=admin,
        databases={
            name: database_url(admin, login(DEFAULT_PREFIX, name), word) for name, word in secrets.databases.items()
        },
        nats_url=nats.url(ports["nats"], secrets.nats),
        grpc={service.name: f"{LOOPBACK}:{ports[service.name]}" for service in SERVICES},
        metrics={},
        own_postgres=False,
        own_nats=False,
        omie_simulator=f"http://{LOOPBACK}:{ports[OMIE]}",
    )


def _database(name: str, password: str) -> str:
    # Passwords are URL-safe text (see fleet.secrets), so that nothing in them needs quoting.
    return (
        f"create role {name} login password '{password}';\n"
        f"create database {name} owner {name};\n"
        f"revoke all on database {name} from public;\n"
    )


def _nats(password: str) -> dict[str, object]:
    return {
        "listen": "0.0.0.0:4222",
        "jetstream": {"store_dir": "/data", "sync_interval": SYNC_INTERVAL},
        "max_payload": 8 * 1024 * 1024,
        "authorization": {"user": "comanda", "password": password},
    }
