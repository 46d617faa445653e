"""A service of nothing but the kit. What a new location does is in its name; everything that happens is written into `seen`."""

from functools import partial

from comanda.inventory.v1 import locations_pb2 as pb
from comanda.inventory.v1 import locations_pb2_grpc
from comanda.orders.events.v1.events_pb2 import OrderCreated
from comanda.sales.v1 import identity_pb2, identity_pb2_grpc
from kit import outbox, server
from kit.consumer import Received, on
from kit.db import Tx
from kit.rpc import rpc
from kit.server import Process
from kit.settings import Settings

DOOR = "door"


class Shelf(locations_pb2_grpc.LocationServiceServicer):
    """Locations that wait at a door until somebody signals it, break, or tell others of themselves."""

    def __init__(self, process: Process) -> None:
        self.database, self._signals = process.database, process.signals

    @rpc
    async def CreateLocation(self, tx: Tx, request: pb.CreateLocationRequest) -> pb.CreateLocationResponse:
        await tx.connection.execute("insert into seen (ref) values ($1)", request.code)
        if request.name == "waits":
            with self._signals.expect(DOOR) as door:
                await door.wait(60)
        if request.name == "breaks":
            raise RuntimeError("the shelf came down")
        if request.name == "tells":
            outbox.add(tx, f"location/{request.code}", OrderCreated(ref=request.code))
        return pb.CreateLocationResponse(location=pb.Location(code=request.code))


class Broken(identity_pb2_grpc.IdentityServiceServicer):
    """Fails with a secret in hand."""

    def __init__(self, process: Process) -> None:
        self.database = process.database

    @rpc
    async def Authenticate(
        self, tx: Tx, request: identity_pb2.AuthenticateRequest
    ) -> identity_pb2.AuthenticateResponse:
        raise RuntimeError(f"cannot look up {request.credential}")


@on(OrderCreated)
async def hear(tx: Tx, batch: list[Received[OrderCreated]]) -> None:
    """Writes down what was heard."""
    refs = [f"heard {each.message.ref}" for each in batch]
    await tx.connection.execute("insert into seen (ref) select unnest($1::text[])", refs)


async def main() -> None:
    settings = Settings()
    async with server.process("shelf", settings) as process:
        process.consume([hear])
        await process.serve(
            [
                partial(locations_pb2_grpc.add_LocationServiceServicer_to_server, Shelf(process)),
                partial(identity_pb2_grpc.add_IdentityServiceServicer_to_server, Broken(process)),
            ],
            {},
            "en",
        )


server.run(main)
