"""`comanda orders`: place an order, look at it, move it, through the public API."""

import json
from collections.abc import Sequence
from decimal import Decimal
from uuid import uuid4

import click

from comanda_cli.api import JSON, Api, Refusal
from comanda_cli.errand import errand
from comanda_cli.fleet.home import Home
from comanda_cli.options import home_option, key_option

PRESETS = ("pos", "remote", "marketplace", "order_management")
EXISTS = "duplicate_code"
WAIT_MS = 10_000


class LineType(click.ParamType[JSON]):
    """A line of an order, such as `CAFE`, `CAFE=2`, or with its price in minor units `CAFE=2@450`."""

    name = "sku[=qty][@price_q]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> JSON:
        """Makes the operation that adds the line; what is wrong with it, Comanda says."""
        rest, _, price = str(value).partition("@")
        sku, _, quantity = rest.partition("=")
        op: JSON = {"op": "add_line", "sku": sku, "qty": quantity or "1"}
        if price and not price.isdecimal():
            self.fail(f"{price} is no price in minor units", param, ctx)
        return {**op, "unit_price_q": int(price)} if price else op


@click.group()
def orders() -> None:
    """Place, inspect, and move orders."""


@orders.command()
@home_option
@key_option
@click.option("--channel", required=True, help="Code of the channel.")
@click.option("--preset", type=click.Choice(PRESETS), help="Make the channel with this preset if there is none.")
@click.option("--external-ref", default="", help="The order's number on the channel's own side.")
@click.option("--customer", default="", help="Name of the customer.")
@click.option("--json", "as_json", is_flag=True, help="Print the order as JSON.")
@click.argument("lines", nargs=-1, required=True, type=LineType())
def place(
    home: Home,
    api_key: str | None,
    channel: str,
    preset: str | None,
    external_ref: str,
    customer: str,
    as_json: bool,
    lines: Sequence[JSON],
) -> None:
    """Place an order with LINES such as CAFE=2, or CAFE=2@450 where prices come from outside."""

    async def work(api: Api) -> JSON:
        if preset:
            await _channel(api, channel, preset, outside=any("unit_price_q" in line for line in lines))
        data = {"customer": {"name": customer}} if customer else {}
        session = await api.post(
            "/api/v1/sessions", {"channel_code": channel, "ops": list(lines), "data": data}, uuid4().hex
        )
        body = {"channel_code": channel, "external_ref": external_ref, "wait_for_checks_ms": WAIT_MS}
        made = await api.post(f"/api/v1/sessions/{session['session_key']}/commit", body, uuid4().hex)
        return await api.get(f"/api/v1/orders/{made['order_ref']}")

    _show(errand(home, api_key, work), (), as_json)


@orders.command()
@home_option
@key_option
@click.option("--json", "as_json", is_flag=True, help="Print the order and its history as JSON.")
@click.argument("ref")
def show(home: Home, api_key: str | None, ref: str, as_json: bool) -> None:
    """Show the order REF and what happened to it."""

    async def work(api: Api) -> tuple[JSON, list[JSON]]:
        return await api.get(f"/api/v1/orders/{ref}"), await api.pages(f"/api/v1/orders/{ref}/events")

    order, events = errand(home, api_key, work)
    _show(order, events, as_json)


@orders.command()
@home_option
@key_option
@click.option("--reason", default="", help="Why.")
@click.argument("ref")
@click.argument("statuses", nargs=-1, required=True)
def move(home: Home, api_key: str | None, reason: str, ref: str, statuses: Sequence[str]) -> None:
    """Move the order REF to STATUSES, one after the other."""

    async def work(api: Api) -> None:
        for status in statuses:
            body = {"status": status, "reason": reason, "actor": "command line"}
            moved = await api.post(f"/api/v1/orders/{ref}/transition", body, uuid4().hex)
            click.echo(f"{ref}: {moved['previous_status']} → {moved['status']}")

    errand(home, api_key, work)


async def _channel(api: Api, code: str, preset: str, *, outside: bool) -> None:
    policy = "external" if outside else "internal"
    try:
        await api.post("/api/v1/channels", {"code": code, "preset": preset, "pricing_policy": policy}, uuid4().hex)
    except Refusal as refusal:
        if refusal.code != EXISTS:
            raise


def _show(order: JSON, events: Sequence[JSON], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**order, "events": events} if events else order, ensure_ascii=False))
        return
    following = ", ".join(order["allowed_transitions"]) or "nothing"
    click.echo(f"{order['ref']}  {order['channel_code']}  {order['status']} (may follow: {following})")
    for line in order["items"]:
        name = f"{line['sku']} {line['name']}".strip()
        click.echo(f"  {Decimal(line['qty']).normalize():f} × {name}  {_money(order, line['line_total_q'])}")
    click.echo(f"  total {_money(order, order['total_q'])}")
    for event in events:
        change = event["payload"].get("new_status", "")
        click.echo(f"{event['created_at']}  {event['type']} {change}  {event['actor_label'] or event['actor']}")


def _money(order: JSON, amount_q: int) -> str:
    return f"{order['currency']} {Decimal(amount_q) / 100:.2f}"
