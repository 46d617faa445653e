"""What of ours is in the ERP: orders, mappings, and stock, through the public API."""

import json
from collections.abc import Sequence
from uuid import uuid4

import click

from comanda_cli.api import JSON, Api
from comanda_cli.errand import errand
from comanda_cli.fleet.home import Home
from comanda_cli.options import home_option, key_option

KINDS = ("product", "channel", "category", "account", "stage", "customer")


@click.command("stock-diff")
@home_option
@key_option
@click.option("--location", "locations", multiple=True, help="Only what lies at this location here; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="Also show what agrees.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
@click.argument("skus", nargs=-1)
def stock_diff(
    home: Home, api_key: str | None, locations: Sequence[str], everything: bool, as_json: bool, skus: Sequence[str]
) -> None:
    """Compare what lies here with what the ERP says: of SKUS, or of all products. Exits with 1 where something differs."""
    asked = [*(("location", each) for each in locations), *(("sku", each) for each in skus)]

    async def work(api: Api) -> JSON:
        return await api.get("/api/v1/erp/stock-diff", [*asked, ("all", str(everything).lower())])

    found = errand(home, api_key, work)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for each in found["items"]:
            click.echo(
                f"{each['sku']}  here {each['on_hand'] or '-'}  ERP {each['external'] or '-'}  difference {each['difference']}"
            )
        click.echo(f"{found['different']} of {found['compared']} products differ.", err=True)
    if found["different"]:
        raise SystemExit(1)


@click.command("map")
@home_option
@key_option
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("key")
@click.argument("value")
def put_mapping(home: Home, api_key: str | None, kind: str, key: str, value: str) -> None:
    """Say what KEY of a KIND is called in the ERP: VALUE, for a channel a JSON object."""
    try:
        given = json.loads(value) if kind == "channel" else value
    except json.JSONDecodeError as error:
        raise click.BadParameter(f"{value} is no JSON object", param_hint="VALUE") from error

    async def work(api: Api) -> JSON:
        return await api.put("/api/v1/erp/mappings", {"kind": kind, "key": key, "value": given}, uuid4().hex)

    click.echo(_mapping(errand(home, api_key, work)))


@click.command()
@home_option
@key_option
def mappings(home: Home, api_key: str | None) -> None:
    """List what things are called in the ERP."""

    async def work(api: Api) -> list[JSON]:
        return await api.pages("/api/v1/erp/mappings")

    for each in errand(home, api_key, work):
        click.echo(_mapping(each))


def _mapping(mapping: JSON) -> str:
    value = mapping["value"]
    return f"{mapping['kind']}  {mapping['key']}  {value if isinstance(value, str) else json.dumps(value)}"


@click.command("orders")
@home_option
@key_option
@click.option("--state", "states", multiple=True, help="Only those in this state, such as failed; may be repeated.")
def list_orders(home: Home, api_key: str | None, states: Sequence[str]) -> None:
    """List how orders stand in the ERP."""

    async def work(api: Api) -> list[JSON]:
        return await api.pages("/api/v1/erp/orders", [("state", each) for each in states])

    for each in errand(home, api_key, work):
        lacking = ", ".join(f"{one['kind']} {one['key']}" for one in each["missing"])
        number = f"number {each['external_number']}" if each["external_number"] else ""
        click.echo("  ".join(filter(None, (each["ref"], each["state"], number, each["message"], lacking))))


@click.command()
@home_option
@key_option
@click.argument("refs", nargs=-1)
def retry(home: Home, api_key: str | None, refs: Sequence[str]) -> None:
    """Take up the orders REFS in the ERP again, or all that are held up."""

    async def work(api: Api) -> int:
        if not refs:
            return int((await api.post("/api/v1/erp/orders/reprocess", {}, uuid4().hex))["reprocessed"])
        for ref in refs:
            await api.post(f"/api/v1/erp/orders/{ref}/retry", {}, uuid4().hex)
        return len(refs)

    click.echo(f"{errand(home, api_key, work)} orders are taken up.")
