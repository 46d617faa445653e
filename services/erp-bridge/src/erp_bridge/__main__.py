"""python -m erp_bridge [serve|migrate]"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from grpc.aio import Channel

import erp_bridge
from comanda.erp.v1 import (
    attachments_pb2_grpc,
    mappings_pb2_grpc,
    orders_pb2_grpc,
    purchase_orders_pb2_grpc,
    status_pb2_grpc,
    stock_pb2_grpc,
    webhooks_pb2_grpc,
)
from comanda.sales.v1 import identity_pb2, identity_pb2_grpc
from erp_bridge import handlers, sweeps
from erp_bridge.omie.client import Omie
from erp_bridge.omie.gate import Gate
from erp_bridge.service.attachments import AttachmentService
from erp_bridge.service.mappings import MappingService
from erp_bridge.service.orders import ErpOrderService
from erp_bridge.service.purchase_orders import PurchaseOrderService
from erp_bridge.service.status import ErpService
from erp_bridge.service.stock import ErpStockService
from erp_bridge.service.webhooks import WebhookService
from erp_bridge.settings import OmieSettings
from erp_bridge.store import closures, orders, transfers
from erp_bridge.texts import TEXTS
from erp_bridge.work.closures import Closures
from erp_bridge.work.orders import Orders
from erp_bridge.work.transfers import Transfers
from erp_bridge.work.webhooks import Webhooks
from erp_bridge.work.worker import J, Trade, Worker
from kit import client, command, server
from kit.exchange import Exchanged
from kit.server import Process
from kit.settings import Settings


async def serve() -> None:
    """Serves until SIGTERM."""
    settings, omie_settings = Settings(), OmieSettings()
    async with (
        server.process("erp-bridge", settings) as process,
        client.channel(settings.sales_address, settings.tls) as sales,
        client.channel(settings.inventory_address, settings.tls) as inventory,
    ):
        authenticate = identity_pb2_grpc.IdentityServiceStub(sales).Authenticate
        await run(process, omie_settings, inventory, Exchanged.by(authenticate, identity_pb2.AuthenticateRequest))


async def run(process: Process, settings: OmieSettings, inventory: Channel, exchange: Exchanged) -> None:
    """Runs the service in a connected process."""
    database = process.database
    gate = Gate(database, settings.account, settings.pace)
    omie = Omie(settings, gate)
    closing = Closures(database, omie, settings)
    copier = Worker(database, _trade(transfers, Transfers(database, omie, settings).run))
    closer = Worker(database, _trade(closures, closing.run))
    booking = Orders(database, omie, settings)
    booker = Worker(database, _trade(orders, booking.run))
    following = Webhooks(database, omie, settings, closing, booking)
    sweeps.add(process, settings, copier, closer, closing, following, booker, booking)
    process.consume([handlers.transfer_attachments, handlers.close_purchase_order, handlers.export_order])
    if settings.configured:
        process.consume(handlers.FOLLOWING)
    attachments = AttachmentService(database, omie, settings, copier)
    purchase_orders = PurchaseOrderService(database, settings, closing, closer)
    stock = ErpStockService(database, omie, settings, inventory)
    status = ErpService(database, gate, settings.configured)
    try:
        await process.serve(
            [
                partial(status_pb2_grpc.add_ErpServiceServicer_to_server, status),
                partial(attachments_pb2_grpc.add_AttachmentServiceServicer_to_server, attachments),
                partial(orders_pb2_grpc.add_ErpOrderServiceServicer_to_server, ErpOrderService(database, booking)),
                partial(mappings_pb2_grpc.add_MappingServiceServicer_to_server, MappingService(database)),
                partial(stock_pb2_grpc.add_ErpStockServiceServicer_to_server, stock),
                partial(webhooks_pb2_grpc.add_WebhookServiceServicer_to_server, WebhookService(database, settings)),
                partial(purchase_orders_pb2_grpc.add_PurchaseOrderServiceServicer_to_server, purchase_orders),
            ],
            TEXTS,
            "pt",
            exchange,
        )
    finally:
        await copier.stop()
        await closer.stop()
        await booker.stop()
        await omie.close()


def _trade(rows: Any, run: Callable[[J], Awaitable[None]]) -> Trade[J]:
    """Puts together what a worker needs of a store's module."""
    return Trade(rows.claim_one, rows.claim_due, rows.prolong, rows.one, run)


def main() -> None:
    """Runs the command that the argument names."""
    command.run(erp_bridge, serve, Settings)


if __name__ == "__main__":
    main()
