"""python -m erp_bridge [serve|migrate]"""

from functools import partial

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
from erp_bridge.service.attachments import AttachmentService
from erp_bridge.service.mappings import MappingService
from erp_bridge.service.orders import ErpOrderService
from erp_bridge.service.purchase_orders import PurchaseOrderService
from erp_bridge.service.status import ErpService
from erp_bridge.service.stock import ErpStockService
from erp_bridge.service.webhooks import WebhookService
from erp_bridge.settings import OmieSettings
from erp_bridge.texts import TEXTS
from erp_bridge.work import trades
from erp_bridge.work.accounts import Accounts
from erp_bridge.work.webhooks import Webhooks
from erp_bridge.work.worker import Worker
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
    accounts = Accounts(database, settings)
    copier = Worker(database, trades.copying(database, accounts))
    closer = Worker(database, trades.closing(database, accounts))
    booker = Worker(database, trades.booking(database, accounts))
    sweeps.add(process, settings, accounts, copier, closer, booker, Webhooks(database, accounts))
    process.consume([handlers.transfer_attachments, handlers.close_purchase_order, handlers.export_order])
    if accounts.names:
        process.consume(handlers.FOLLOWING)
    attachments = AttachmentService(database, accounts, copier)
    purchase_orders = PurchaseOrderService(database, accounts, closer)
    stock = ErpStockService(database, accounts, inventory)
    webhooks = WebhookService(database, settings, accounts)
    try:
        await process.serve(
            [
                partial(status_pb2_grpc.add_ErpServiceServicer_to_server, ErpService(database, accounts)),
                partial(attachments_pb2_grpc.add_AttachmentServiceServicer_to_server, attachments),
                partial(orders_pb2_grpc.add_ErpOrderServiceServicer_to_server, ErpOrderService(database, accounts)),
                partial(mappings_pb2_grpc.add_MappingServiceServicer_to_server, MappingService(database)),
                partial(stock_pb2_grpc.add_ErpStockServiceServicer_to_server, stock),
                partial(webhooks_pb2_grpc.add_WebhookServiceServicer_to_server, webhooks),
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
        await accounts.close()


def main() -> None:
    """Runs the command that the argument names."""
    command.run(erp_bridge, serve, Settings)


if __name__ == "__main__":
    main()
