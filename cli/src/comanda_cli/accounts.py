"""`comanda business` and `comanda keys`: tenants and the keys with which they come in."""

import json
from uuid import uuid4

import click

from comanda.sales.v1 import businesses_pb2, businesses_pb2_grpc, identity_pb2, identity_pb2_grpc
from comanda.types.v1 import options_pb2
from comanda_cli.calls import call, run
from comanda_cli.errand import errand
from comanda_cli.fleet.home import Home
from comanda_cli.options import home_option, key_option

KEYS = "/api/v1/api-keys"
ROLES = [
    name.removeprefix("ROLE_").lower()
    for name in options_pb2.Role.DESCRIPTOR.values_by_name
    if name != "ROLE_UNSPECIFIED"
]


@click.group()
def business() -> None:
    """Make businesses: each sees only itself."""


@business.command()
@click.option("--code", required=True, help="Its short name, for good.")
@click.option("--name", required=True)
@click.option("--timezone", default="", help="IANA name.  [default: America/Sao_Paulo]")
@click.option("--currency", default="", help="ISO 4217.  [default: BRL]")
@home_option
def create(home: Home, code: str, name: str, timezone: str, currency: str) -> None:
    """Make a business, and print it as JSON."""
    request = businesses_pb2.CreateBusinessRequest(
        code=code, name=name, timezone=timezone, currency=currency, request_id=uuid4().hex
    )
    made = run(call(home, "sales", businesses_pb2_grpc.BusinessServiceStub, "CreateBusiness", request)).business
    found = {"code": made.code, "name": made.name, "timezone": made.timezone, "currency": made.currency}
    click.echo(json.dumps(found, ensure_ascii=False))


@click.group()
def keys() -> None:
    """Make API keys, and end them."""


@keys.command("create")
@click.option("--business", required=True, help="Code of the business.")
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--customer", default="", help="The customer whose orders a key of role `customer` sees.")
@click.option("--label", default="", help="What the key is for.")
@home_option
def create_key(home: Home, business: str, role: str, customer: str, label: str) -> None:
    """Make an API key, and print it as JSON: it is shown this once and never again."""
    request = identity_pb2.CreateApiKeyRequest(
        business=business,
        role=options_pb2.Role.Value(f"ROLE_{role.upper()}"),
        customer_id=customer,
        label=label,
        request_id=uuid4().hex,
    )
    made = run(call(home, "sales", identity_pb2_grpc.ApiKeyServiceStub, "CreateApiKey", request)).api_key
    click.echo(json.dumps({"api_key": made.secret}))


@keys.command("list")
@home_option
@key_option
def list_keys(home: Home, api_key: str | None) -> None:
    """Print the keys of the business, newest first, one JSON object a line; never their secrets."""
    for each in errand(home, api_key, lambda api: api.pages(KEYS)):
        each.pop("secret")
        click.echo(json.dumps(each, ensure_ascii=False))


@keys.command()
@click.argument("key")
@click.option("--overlap", default=0, help="Seconds for which the old key stays good.  [default: none]")
@home_option
@key_option
def rotate(home: Home, key: str, overlap: int, api_key: str | None) -> None:
    """Make a key like KEY (its id) in its place, and print it as JSON: it is shown this once and never again."""
    body = {"overlap_seconds": overlap}
    made = errand(home, api_key, lambda api: api.post(f"{KEYS}/{key}/rotate", body, uuid4().hex))
    click.echo(json.dumps({"api_key": made["secret"]}))


@keys.command()
@click.argument("key")
@home_option
@key_option
def revoke(home: Home, key: str, api_key: str | None) -> None:
    """Shut out who comes in with KEY (its id), at once and for good."""
    errand(home, api_key, lambda api: api.delete(f"{KEYS}/{key}", uuid4().hex))
    click.echo(f"Key {key} opens nothing any more.", err=True)
