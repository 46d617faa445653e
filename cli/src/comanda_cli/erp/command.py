"""`comanda erp`: the ERP and the bridge to it."""

import click

from comanda_cli.erp.proof import proof


@click.group()
def erp() -> None:
    """Look after the ERP, and prove what the bridge to it promises."""


erp.add_command(proof)
