"""python -m inventory [serve|migrate]"""

from functools import partial

import inventory
from comanda.inventory.v1 import (
    alerts_pb2_grpc,
    counter_pb2_grpc,
    locations_pb2_grpc,
    price_lists_pb2_grpc,
    products_pb2_grpc,
    reservations_pb2_grpc,
    stock_pb2_grpc,
    transfers_pb2_grpc,
)
from comanda.sales.v1 import identity_pb2, identity_pb2_grpc
from inventory import sweeps
from inventory.handlers import handlers
from inventory.service.alerts import AlertService
from inventory.service.counter import CounterService
from inventory.service.locations import LocationService
from inventory.service.price_lists import PriceListService
from inventory.service.products import ProductService
from inventory.service.reservations import ReservationService
from inventory.service.stock import StockService
from inventory.service.transfers import TransferService
from inventory.settings import Settings
from inventory.texts import TEXTS
from kit import client, command, server
from kit.exchange import Exchanged


async def serve() -> None:
    """Serves until SIGTERM."""
    settings = Settings()
    async with (
        server.process("inventory", settings) as process,
        client.channel(settings.sales_address, settings.tls) as sales,
    ):
        database = process.database
        process.consume(handlers(settings.commit_margin))
        sweeps.add(process)
        await process.serve(
            [
                partial(products_pb2_grpc.add_ProductServiceServicer_to_server, ProductService(database)),
                partial(price_lists_pb2_grpc.add_PriceListServiceServicer_to_server, PriceListService(database)),
                partial(locations_pb2_grpc.add_LocationServiceServicer_to_server, LocationService(database)),
                partial(stock_pb2_grpc.add_StockServiceServicer_to_server, StockService(database)),
                partial(alerts_pb2_grpc.add_AlertServiceServicer_to_server, AlertService(database)),
                partial(transfers_pb2_grpc.add_TransferServiceServicer_to_server, TransferService(database)),
                partial(counter_pb2_grpc.add_CounterServiceServicer_to_server, CounterService(database)),
                partial(reservations_pb2_grpc.add_ReservationServiceServicer_to_server, ReservationService(database)),
            ],
            TEXTS,
            "en",
            Exchanged.by(identity_pb2_grpc.IdentityServiceStub(sales).Authenticate, identity_pb2.AuthenticateRequest),
        )


def main() -> None:
    """Runs the command that the argument names."""
    command.run(inventory, serve, Settings)


if __name__ == "__main__":
    main()
