"""python -m sales [serve|migrate]"""

from functools import partial

import grpc

import kit.settings
import sales
from comanda.sales.v1 import (
    audit_pb2_grpc,
    businesses_pb2_grpc,
    customers_pb2_grpc,
    exports_pb2_grpc,
    identity_pb2_grpc,
    members_pb2_grpc,
    payments_pb2_grpc,
    receipts_pb2_grpc,
    refunds_pb2_grpc,
    reports_pb2_grpc,
    sales_pb2_grpc,
)
from kit import client, command, identity, server
from kit.server import Process
from sales import issuer, sweeps
from sales.charges import Charges
from sales.handlers import handlers
from sales.provider import Online
from sales.service.audit import AuditService
from sales.service.businesses import BusinessService, StorefrontService
from sales.service.customers import CustomerService
from sales.service.exports import ExportService
from sales.service.identity import ApiKeyService, IdentityService
from sales.service.intents import PaymentIntentService
from sales.service.members import MemberService
from sales.service.receipts import ReceiptService
from sales.service.refunds import RefundService
from sales.service.reports import ReportService
from sales.service.sales import SaleService
from sales.settings import Settings
from sales.stock import Stock
from sales.texts import TEXTS


async def serve() -> None:
    """Serves until SIGTERM."""
    settings = Settings()
    async with (
        server.process("sales", settings) as process,
        client.channel(settings.inventory_address, settings.tls) as inventory,
    ):
        await run(process, settings, inventory)


async def run(process: Process, settings: Settings, inventory: grpc.aio.Channel) -> None:
    """Runs the service in a connected process."""
    database = process.database
    private_key = identity.private_key(settings.identity_private_key.get_secret_value())
    stock = Stock(inventory, private_key)
    charges = _charges(process, settings)
    counter, refunds = SaleService(database, stock), RefundService(database, stock, charges)
    identities = IdentityService(database, private_key, issuer.of(settings))
    process.consume(handlers())
    sweeps.add(process, counter.go_on, refunds.go_on, charges)
    sweeps.add_jobs(process, settings.jobs_seconds)
    intents = PaymentIntentService(database, charges, settings.payment_webhook_secret.get_secret_value())
    await process.serve(
        [
            partial(businesses_pb2_grpc.add_BusinessServiceServicer_to_server, BusinessService(database)),
            partial(businesses_pb2_grpc.add_StorefrontServiceServicer_to_server, StorefrontService(database, stock)),
            partial(members_pb2_grpc.add_MemberServiceServicer_to_server, MemberService(database)),
            partial(customers_pb2_grpc.add_CustomerServiceServicer_to_server, CustomerService(database)),
            partial(sales_pb2_grpc.add_SaleServiceServicer_to_server, counter),
            partial(payments_pb2_grpc.add_PaymentIntentServiceServicer_to_server, intents),
            partial(refunds_pb2_grpc.add_RefundServiceServicer_to_server, refunds),
            partial(receipts_pb2_grpc.add_ReceiptServiceServicer_to_server, ReceiptService(database)),
            partial(exports_pb2_grpc.add_ExportServiceServicer_to_server, ExportService(database)),
            partial(reports_pb2_grpc.add_ReportServiceServicer_to_server, ReportService(database)),
            partial(audit_pb2_grpc.add_AuditServiceServicer_to_server, AuditService(database)),
            partial(identity_pb2_grpc.add_ApiKeyServiceServicer_to_server, ApiKeyService(database, private_key)),
            partial(identity_pb2_grpc.add_IdentityServiceServicer_to_server, identities),
        ],
        TEXTS,
        "en",
        identities.exchange,
    )


def _charges(process: Process, settings: Settings) -> Charges | None:
    if not settings.payment_url:
        return None
    return Charges(process.database, Online(settings.payment_url, settings.payment_key.get_secret_value()))


def main() -> None:
    """Runs the command that the argument names."""
    command.run(sales, serve, kit.settings.Settings)


if __name__ == "__main__":
    main()
