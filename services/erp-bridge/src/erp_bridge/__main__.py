"""python -m erp_bridge [serve|migrate]"""

import sys
from functools import partial

import erp_bridge
from comanda.erp.v1 import status_pb2_grpc
from comanda.sales.v1 import identity_pb2, identity_pb2_grpc
from erp_bridge.omie.gate import Gate, tidy
from erp_bridge.service import ErpService
from erp_bridge.settings import OmieSettings
from erp_bridge.texts import TEXTS
from kit import client, machinery, migrations, server
from kit.exchange import Exchanged
from kit.settings import Settings

TIDY_GATE_SECONDS = 60.0


async def serve() -> None:
    """Serves until SIGTERM."""
    settings, omie_settings = Settings(), OmieSettings()
    async with server.process("erp-bridge", settings) as process, client.channel(settings.sales_address) as sales:
        database = process.database
        gate = Gate(database, omie_settings.account)
        process.sweep("tidy", partial(machinery.tidy, database), machinery.TIDY_SECONDS)
        process.sweep("tidy the gate", partial(tidy, database), TIDY_GATE_SECONDS)
        authenticate = identity_pb2_grpc.IdentityServiceStub(sales).Authenticate
        register = partial(
            status_pb2_grpc.add_ErpServiceServicer_to_server, ErpService(database, gate, omie_settings.configured)
        )
        await process.serve([register], TEXTS, "pt", Exchanged.by(authenticate, identity_pb2.AuthenticateRequest))


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
