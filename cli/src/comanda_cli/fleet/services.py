"""The services of Comanda as the fleet knows them."""

from typing import NamedTuple


class Service(NamedTuple):
    """A service: the name of its process and log, the Python package that runs, and the variable of its address."""

    name: str
    package: str
    address_variable: str


SERVICES = (
    Service("sales", "sales", "COMANDA_SALES_ADDRESS"),
    Service("inventory", "inventory", "COMANDA_INVENTORY_ADDRESS"),
    Service("orders", "orders", "COMANDA_ORDERS_ADDRESS"),
    Service("erp-bridge", "erp_bridge", "COMANDA_ERP_ADDRESS"),
)
GATEWAY = "gateway"
OMIE = "omie-simulator"


def processes(name: str, replicas: int) -> list[str]:
    """Returns the names of the processes of a service (or of the gateway); the first has the service's own."""
    return [name, *(f"{name}-{number}" for number in range(2, replicas + 1))]
