"""Where everything of a fleet can be reached, and as whom."""

import os
from dataclasses import asdict, dataclass
from urllib.parse import quote, urlsplit

from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.fleet.ports import LOOPBACK, Ports
from comanda_cli.fleet.secrets import Secrets
from comanda_cli.fleet.services import GATEWAY, OMIE, SERVICES, processes
from embedded import nats, postgres

DEFAULT_PREFIX = "comanda"
# Who listens on every address of the machine is reached from the machine itself at this one.
REACHED_AT = {"0.0.0.0": LOOPBACK, "::": "::1"}


@dataclass(frozen=True)
class Addresses:
    """URLs with passwords and host:port pairs; keys of `databases` are names of services, of `grpc` and `metrics` of processes.

    The prefix stands before the names of databases, logins and streams: two homes that share servers need two prefixes.
    """

    base_url: str
    gateway: str
    prefix: str
    admin_url: str
    databases: dict[str, str]
    nats_url: str
    grpc: dict[str, str]
    metrics: dict[str, str]
    own_postgres: bool
    own_nats: bool
    omie_simulator: str
    replicas: int = 1
    simulated_erp: bool = True
    """Whether the bridge books at the simulator: OMIE_API_BASE_URL in the environment names another ERP."""

    def target(self, service: str) -> str:
        """Returns where gRPC reaches all processes of a service."""
        found = [self.grpc[name] for name in processes(service, self.replicas)]
        return found[0] if len(found) == 1 else f"ipv4:{','.join(found)}"

    def keep(self, home: Home) -> None:
        """Keeps the addresses in the home, for the tools that reach into a fleet."""
        home.write("fleet", asdict(self))


def kept(home: Home) -> Addresses:
    """Returns the addresses of the fleet that was started last. Raises FleetError before the first start."""
    found = home.read("fleet")
    if found is None:
        raise FleetError(f"nothing was started in {home.path}: run `comanda up --home {home.path}`")
    return Addresses(**found)


def plan(home: Home, ports: Ports, secrets: Secrets, host: str = LOOPBACK, replicas: int = 1) -> Addresses:
    """Works out the addresses: on servers of our own, unless COMANDA_DATABASE_URL or COMANDA_NATS_URL name others.

    The host is where the gateway listens; everything else stays on the loopback interface.
    """
    admin = os.environ.get("COMANDA_DATABASE_URL")
    broker = os.environ.get("COMANDA_NATS_URL")
    prefix = os.environ.get("COMANDA_STREAM_PREFIX") or DEFAULT_PREFIX
    services = [name for service in SERVICES for name in processes(service.name, replicas)]
    admin_url = admin or postgres.url(home.postgres, ports["postgres"], secrets.postgres)
    return Addresses(
        base_url=f"http://{_bracketed(REACHED_AT.get(host, host))}:{ports[GATEWAY]}",
        gateway=f"{_bracketed(host)}:{ports[GATEWAY]}",
        prefix=prefix,
        admin_url=admin_url,
        databases={
            name: database_url(admin_url, login(prefix, name), word) for name, word in secrets.databases.items()
        },
        nats_url=broker or nats.url(ports["nats"], secrets.nats),
        grpc={name: f"127.0.0.1:{ports[name]}" for name in services},
        metrics={name: f"127.0.0.1:{ports[f'{name}-metrics']}" for name in (*services, *processes(GATEWAY, replicas))},
        own_postgres=admin is None,
        own_nats=broker is None,
        omie_simulator=f"http://127.0.0.1:{ports[OMIE]}",
        replicas=replicas,
        simulated_erp="OMIE_API_BASE_URL" not in os.environ,
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def login(prefix: str, service: str) -> str:
    """Returns the name of a service's login, which is that of its database too."""
    return f"{prefix}_{service}".replace("-", "_")


def public(url: str) -> str:
    """Returns a URL without its password: everybody on the machine can read a command line."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")).geturl()


def at_database(admin_url: str, url: str) -> str:
    """Returns the administrator's URL of another URL's database."""
    return urlsplit(admin_url)._replace(path=urlsplit(url).path).geturl()


def database_url(admin_url: str, name: str, password: str) -> str:
    """Returns the URL of the login's own database on the administrator's server, with the same options."""
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{name}:{quote(password, safe='')}@{host}", path=f"/{name}").geturl()
