"""`comanda customers` and `comanda day`: the counter's book-keeping, through the public API."""

import json
from collections.abc import Sequence
from uuid import uuid4

import click

from comanda_cli.api import JSON, Api
from comanda_cli.errand import errand
from comanda_cli.fleet.home import Home
from comanda_cli.options import home_option, key_option

CUSTOMERS, SALES = "/api/v1/customers", "/api/v1/sales"
REPORT = "/api/v1/reports/daily"


@click.group()
def customers() -> None:
    """Look at customers and what they owe."""


@customers.command("list")
@click.option("--search", default="", help="Part of a name, telephone number, or e-mail address.")
@home_option
@key_option
def list_customers(home: Home, search: str, api_key: str | None) -> None:
    """Print customers, one JSON object a line."""
    params = [("search", search)] if search else []
    for each in errand(home, api_key, lambda api: api.pages(CUSTOMERS, params)):
        click.echo(json.dumps(each, ensure_ascii=False))


@customers.command()
@click.argument("customer")
@home_option
@key_option
def show(home: Home, customer: str, api_key: str | None) -> None:
    """Print a customer, and how his credit stands, as JSON."""

    async def look(api: Api) -> JSON:
        found, credit = [await api.get(f"{CUSTOMERS}/{customer}{rest}") for rest in ("", "/credit-status")]
        return {**found, "credit": credit}

    click.echo(json.dumps(errand(home, api_key, look), ensure_ascii=False))


@customers.command()
@click.argument("customer")
@click.confirmation_option(prompt="There is no way back. Forget who the customer is?")
@home_option
@key_option
def erase(home: Home, customer: str, api_key: str | None) -> None:
    """Forget who a customer is; his sales and the audit log stay."""
    errand(home, api_key, lambda api: api.post(f"{CUSTOMERS}/{customer}/erase", {}, uuid4().hex))
    click.echo(f"Customer {customer} is forgotten.", err=True)


@click.group()
def day() -> None:
    """Look after a storefront's business day."""


@day.command()
@click.option("--storefront", required=True, help="Code of the storefront.")
@click.option("--date", default="", help="Business date, YYYY-MM-DD.  [default: today's]")
@click.option("--abandon", is_flag=True, help="Give up the drafts of the day that are left over.")
@home_option
@key_option
def close(home: Home, storefront: str, date: str, abandon: bool, api_key: str | None) -> None:
    """Print what a day sold, and the drafts and unpaid sales that it leaves, as JSON."""
    found = errand(home, api_key, lambda api: _close(api, storefront, date, abandon))
    click.echo(json.dumps(found, ensure_ascii=False))


async def _close(api: Api, storefront: str, date: str, abandon: bool) -> JSON:
    asked = [("storefront", storefront), *([("date", date)] if date else [])]
    date = (await api.get(REPORT, asked))["date"]
    drafts = await _of_day(api, storefront, date, ["draft"])
    for draft in drafts if abandon else ():
        await api.post(f"{SALES}/{draft['id']}/abandon", {}, uuid4().hex)
    unpaid = await _of_day(api, storefront, date, ["pending", "partial"])
    return {
        **await api.get(REPORT, asked),
        "drafts": [] if abandon else [draft["receipt_number"] for draft in drafts],
        "abandoned": [draft["receipt_number"] for draft in drafts] if abandon else [],
        "unpaid": [{name: sale[name] for name in ("receipt_number", "amount_due_q")} for sale in unpaid],
    }


async def _of_day(api: Api, storefront: str, date: str, statuses: Sequence[str]) -> list[JSON]:
    days = [("date_from", date), ("date_to", date), ("storefront", storefront)]
    return await api.pages(SALES, [*days, *(("status", each) for each in statuses)])
