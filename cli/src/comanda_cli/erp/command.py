"""`comanda erp`: the ERP and the bridge to it."""

import click

from comanda_cli.erp import books
from comanda_cli.erp.bind import bind
from comanda_cli.erp.proof import proof


@click.group()
def erp() -> None:
    """Look after the ERP, and prove what the bridge to it promises."""


for command in (proof, bind, books.list_orders, books.retry, books.mappings, books.put_mapping, books.stock_diff):
    erp.add_command(command)
