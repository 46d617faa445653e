"""python -m orders [serve|migrate]"""

from functools import partial

import orders
from comanda.orders.v1 import (
    analytics_pb2_grpc,
    channels_pb2_grpc,
    directives_pb2_grpc,
    feed_pb2_grpc,
    fulfillments_pb2_grpc,
    marketplaces_pb2_grpc,
    notes_pb2_grpc,
    orders_pb2_grpc,
    refs_pb2_grpc,
    returns_pb2_grpc,
    sessions_pb2_grpc,
    webhooks_pb2_grpc,
)
from comanda.sales.v1 import identity_pb2, identity_pb2_grpc
from kit import client, command, server
from kit.exchange import Exchanged
from orders import handlers, sweeps
from orders.catalogue import Catalogue
from orders.outbound.courier import Courier
from orders.outbound.mail import Mailer
from orders.outbound.webhooks import Caller
from orders.service.analytics import AnalyticsService
from orders.service.channels import ChannelService
from orders.service.directives import DirectiveService
from orders.service.feed import OrderFeedService
from orders.service.fulfillments import FulfillmentService
from orders.service.marketplaces import MarketplaceService
from orders.service.notes import NoteService
from orders.service.orders import OrderService
from orders.service.refs import RefService
from orders.service.returns import ReturnService
from orders.service.sessions import SessionService
from orders.service.webhooks import WebhookService
from orders.settings import Settings
from orders.texts import TEXTS


async def serve() -> None:
    """Serves until SIGTERM."""
    settings = Settings()
    async with (
        server.process("orders", settings) as process,
        client.channel(settings.inventory_address, settings.tls) as inventory,
        client.channel(settings.sales_address, settings.tls) as sales,
    ):
        database, signals = process.database, process.signals
        sessions = SessionService(database, signals, Catalogue(inventory, database))
        process.consume(handlers.handlers(signals))
        sweeps.add(process, settings.session_ttl)
        webhooks = WebhookService(database, allow_private=settings.allow_private_webhooks)
        caller = Caller(allow_private=settings.allow_private_webhooks)
        mailer = Mailer(settings.smtp_url.get_secret_value(), settings.smtp_from)
        process.loops.append(Courier(database, mailer, caller, settings.poll_seconds).run())
        await process.serve(
            [
                partial(channels_pb2_grpc.add_ChannelServiceServicer_to_server, ChannelService(database)),
                partial(sessions_pb2_grpc.add_SessionServiceServicer_to_server, sessions),
                partial(orders_pb2_grpc.add_OrderServiceServicer_to_server, OrderService(database)),
                partial(fulfillments_pb2_grpc.add_FulfillmentServiceServicer_to_server, FulfillmentService(database)),
                partial(webhooks_pb2_grpc.add_WebhookServiceServicer_to_server, webhooks),
                partial(returns_pb2_grpc.add_ReturnServiceServicer_to_server, ReturnService(database)),
                partial(notes_pb2_grpc.add_NoteServiceServicer_to_server, NoteService(database)),
                partial(marketplaces_pb2_grpc.add_MarketplaceServiceServicer_to_server, MarketplaceService(database)),
                partial(analytics_pb2_grpc.add_AnalyticsServiceServicer_to_server, AnalyticsService(database)),
                partial(feed_pb2_grpc.add_OrderFeedServiceServicer_to_server, OrderFeedService.of(process)),
                partial(directives_pb2_grpc.add_DirectiveServiceServicer_to_server, DirectiveService(database)),
                partial(refs_pb2_grpc.add_RefServiceServicer_to_server, RefService(database)),
            ],
            TEXTS,
            "pt",
            Exchanged.by(identity_pb2_grpc.IdentityServiceStub(sales).Authenticate, identity_pb2.AuthenticateRequest),
        )


def main() -> None:
    """Runs the command that the argument names."""
    command.run(orders, serve, Settings)


if __name__ == "__main__":
    main()
