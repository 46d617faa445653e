"""Says which business an account in the ERP is."""

import json
from uuid import UUID, uuid4

import click

from comanda.erp.v1 import webhooks_pb2, webhooks_pb2_grpc
from comanda_cli.api import JSON, Api
from comanda_cli.calls import call, run
from comanda_cli.errand import errand
from comanda_cli.fleet.home import Home
from comanda_cli.options import home_option, key_option


@click.command()
@home_option
@key_option
@click.option("--account", default="", help="Its name in OMIE_ACCOUNTS.  [default: that of OMIE_APP_KEY]")
def bind(home: Home, api_key: str | None, account: str) -> None:
    """Make an ERP account that of the business whose key it is, for good. Exits with 1 where one of the two is bound already."""

    async def of_key(api: Api) -> JSON:
        return await api.get("/api/v1/business")

    business = errand(home, api_key, of_key)
    request = webhooks_pb2.BindAccountRequest(account=account, request_id=uuid4().hex)
    stub = webhooks_pb2_grpc.WebhookServiceStub
    bound = run(call(home, "erp-bridge", stub, "BindAccount", request, UUID(business["id"]))).bound
    click.echo(json.dumps({"business": business["code"], "bound": bound}))
    if not bound:
        raise SystemExit(1)
