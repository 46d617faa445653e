"""python -m erp_bridge [serve|migrate]"""

import sys
from functools import partial

import erp_bridge
from comanda.erp.v1 import attachments_pb2_grpc, status_pb2_grpc
from comanda.sales.v1 import identity_pb2, identity_pb2_grpc
from erp_bridge import sweeps
from erp_bridge.omie.client import Omie
from erp_bridge.omie.gate import Gate
from erp_bridge.service.attachments import AttachmentService
from erp_bridge.service.status import ErpService
from erp_bridge.settings import OmieSettings
from erp_bridge.store import transfers
from erp_bridge.texts import TEXTS
from erp_bridge.work.transfers import Transfers
from erp_bridge.work.worker import Trade, Worker
from kit import client, migrations, server
from kit.exchange import Exchanged
from kit.server import Process
from kit.settings import Settings


async def serve() -> None:
    """Serves until SIGTERM."""
    settings, omie_settings = Settings(), OmieSettings()
    async with server.process("erp-bridge", settings) as process, client.channel(settings.sales_address) as sales:
        authenticate = identity_pb2_grpc.IdentityServiceStub(sales).Authenticate
        await run(process, omie_settings, Exchanged.by(authenticate, identity_pb2.AuthenticateRequest))


async def run(process: Process, settings: OmieSettings, exchange: Exchanged) -> None:
    """Runs the service in a connected process."""
    database = process.database
    gate = Gate(database, settings.account)
    omie = Omie(settings, gate)
    copying = Worker(
        database,
        Trade(
            claim_one=transfers.claim_one,
            claim_due=transfers.claim_due,
            prolong=transfers.prolong,
            one=transfers.one,
            run=Transfers(database, omie, settings).run,
        ),
    )
    sweeps.add(process, settings, copying)
    attachments = AttachmentService(database, omie, settings, copying)
    status = ErpService(database, gate, settings.configured)
    try:
        await process.serve(
            [
                partial(status_pb2_grpc.add_ErpServiceServicer_to_server, status),
                partial(attachments_pb2_grpc.add_AttachmentServiceServicer_to_server, attachments),
            ],
            TEXTS,
            "pt",
            exchange,
        )
    finally:
        await copying.stop()
        await omie.close()


def main() -> None:
    """Runs the command that the argument names; `serve` is the default."""
    command = sys.argv[1] if len(sys.argv) > 1 else "serve"
    if command == "migrate":
        migrations.upgrade(erp_bridge, Settings().database_url.get_secret_value())
    elif command == "serve":
        server.run(serve)
    else:
        sys.exit(f"usage: python -m erp_bridge [serve|migrate], not {command}")


if __name__ == "__main__":
    main()
