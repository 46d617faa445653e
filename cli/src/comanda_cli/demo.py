"""`comanda demo`: starts everything, follows a first order through it in plain words, and stays up."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from uuid import uuid4

import click

from comanda_cli.api import JSON, Api, Refusal
from comanda_cli.fleet import ending, starting
from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home
from comanda_cli.options import home_option

CHANNEL, LOCATION, SKU = "demo", "demo", "PAO-DE-QUEIJO"
RECEIVED, BOUGHT, PRICE_Q = 100, 12, 450
WAIT_MS = 10_000
TAKEN_SECONDS = 10.0
EXISTS = frozenset({"duplicate_code", "duplicate_location", "duplicate_sku"})


@click.command()
@home_option
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the gateway; kept for the next start.")
def demo(home: Home, port: int | None) -> None:
    """Start everything, let a first order go through it step by step, and stay up until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        supervisor = starting.start(home, port, click.echo, bound=True)
    except starting.AlreadyRunning:
        _order(home)
        _show_around(home)
        click.echo(f"It was up before, and stays so. End it with: comanda down --home {home.path}")
        return
    try:
        _order(home)
        _show_around(home)
        click.echo("Everything stays up until you press Ctrl-C.")
        _until_it_ends(supervisor)
    except KeyboardInterrupt:
        click.echo("\nEnding everything; the data stays.")
    finally:
        ending.end(home)


def _order(home: Home) -> None:
    try:
        asyncio.run(_first_order(home))
    except Refusal as refusal:
        raise FleetError(f"the first order was refused: {refusal}") from refusal


async def _first_order(home: Home) -> None:
    async with Api.of(home) as api:
        await _prepare(api)
        _say("1. Before", await _level(api))
        session = await _open(api)
        _say(
            "2. A session is open",
            f"{session['session_key']} has {BOUGHT} {SKU} at {_money(PRICE_Q)} in it, revision 1",
        )
        held = await _held(api, session["session_key"])
        _say("3. Inventory holds them", f"{held['qty']} until {held['expires_at']}; {await _level(api)}")
        body = {"channel_code": CHANNEL, "wait_for_checks_ms": WAIT_MS}
        commit = await api.post(f"/api/v1/sessions/{session['session_key']}/commit", body, uuid4().hex)
        _say("4. It is committed", f"order {commit['order_ref']} over {_money(commit['total_q'])}")
        work = await _taken(api, commit["order_ref"])
        _say("5. The units have left", f"directive {work['topic']} is {work['status']}; {await _level(api)}")


async def _prepare(api: Api) -> None:
    """Makes what the first order needs, once; receives new stock when a former demonstration has sold it."""
    config = {"required_checks_on_commit": ["stock"], "post_commit_directives": ["stock.commit"]}
    channel = {"code": CHANNEL, "name": "Counter", "pricing_policy": "external", "config": config}
    await _once(api, "/api/v1/channels", channel)
    await _once(api, "/api/v1/locations", {"code": LOCATION, "name": "Shop", "type": "storefront"})
    await _once(api, "/api/v1/products", {"sku": SKU, "name": "Pão de queijo"})
    levels = (await api.get("/api/v1/stock", [("sku", SKU)]))["items"]
    if not levels or Decimal(levels[0]["available"]) < BOUGHT:
        lines = [{"sku": SKU, "qty": str(RECEIVED)}]
        await api.post("/api/v1/stock/receive", {"location": LOCATION, "lines": lines}, uuid4().hex)


async def _once(api: Api, path: str, body: JSON) -> None:
    try:
        await api.post(path, body, uuid4().hex)
    except Refusal as refusal:
        if refusal.code not in EXISTS:
            raise


async def _open(api: Api) -> JSON:
    line = {"op": "add_line", "sku": SKU, "qty": str(BOUGHT), "unit_price_q": PRICE_Q}
    return await api.post("/api/v1/sessions", {"channel_code": CHANNEL, "ops": [line]}, uuid4().hex)


async def _held(api: Api, session_key: str) -> JSON:
    """Returns what the session holds, once the answer has come back from inventory."""

    async def found() -> JSON | None:
        session = await api.get(f"/api/v1/sessions/{session_key}", [("channel_code", CHANNEL)])
        check = session["data"].get("checks", {}).get("stock")
        return check["result"]["holds"][0] if check else None

    return await _eventually(found, "the stock check")


async def _taken(api: Api, ref: str) -> JSON:
    """Returns the order's directive that takes its stock, once it is done."""

    async def found() -> JSON | None:
        items = (await api.get("/api/v1/directives", [("order_ref", ref), ("topic", "stock.commit")]))["items"]
        return items[0] if items and items[0]["status"] == "done" else None

    return await _eventually(found, "stock.commit")


async def _level(api: Api) -> str:
    [level] = (await api.get("/api/v1/stock", [("sku", SKU)]))["items"]
    return f"stock of {SKU}: {level['on_hand']} there, {level['reserved']} held, {level['available']} to sell"


async def _eventually(find: Callable[[], Awaitable[JSON | None]], what: str) -> JSON:
    deadline = time.monotonic() + TAKEN_SECONDS
    while (found := await find()) is None:
        if time.monotonic() > deadline:
            raise FleetError(f"{what} does not come: see `comanda status` and `comanda verify`")
        await asyncio.sleep(0.02)
    return found


def _say(step: str, what: str) -> None:
    click.echo(f"  {step + ':':<28} {what}")


def _money(amount_q: int) -> str:
    return f"{amount_q // 100}.{amount_q % 100:02} BRL"


def _show_around(home: Home) -> None:
    base = home.credentials()["base_url"]
    file = home.path / "credentials.json"
    body = f'{{"channel_code": "{CHANNEL}", "ops": [{{"op": "add_line", "sku": "{SKU}", "qty": "2", "unit_price_q": {PRICE_Q}}}]}}'
    for line in (
        f"\nComanda is at {base}; what it offers is described at {base}/docs",
        f"The key is in {file}; put it into a variable and try:",
        f"""  KEY=$(sed -n 's/.*"api_key": "\\(.*\\)".*/\\1/p' {file})""",
        f'  curl -H "Authorization: Bearer $KEY" {base}/api/v1/orders',
        f'  curl -H "Authorization: Bearer $KEY" "{base}/api/v1/availability?sku={SKU}"',
        f"  curl -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' -d '{body}' {base}/api/v1/sessions\n",
    ):
        click.echo(line)


def _until_it_ends(supervisor: "subprocess.Popen[str]") -> None:
    code = supervisor.wait()
    sys.exit(f"comanda: the supervisor ended ({code}): see `comanda logs supervisor`")
