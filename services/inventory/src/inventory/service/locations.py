"""LocationService: where stock lies."""

from comanda.inventory.v1 import locations_pb2 as pb
from comanda.inventory.v1.locations_pb2_grpc import LocationServiceServicer
from inventory.messages import catalogue as messages
from inventory.operations import products as operations
from inventory.queries import catalogue as queries
from kit.db import Database, Tx
from kit.rpc import rpc


class LocationService(LocationServiceServicer):
    """Serves comanda.inventory.v1.LocationService."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def CreateLocation(self, tx: Tx, request: pb.CreateLocationRequest) -> pb.CreateLocationResponse:
        """Creates a location."""
        location = await operations.create_location(tx, messages.new_location(request, tx.now))
        return pb.CreateLocationResponse(location=messages.location(location))

    @rpc
    async def GetLocation(self, tx: Tx, request: pb.GetLocationRequest) -> pb.GetLocationResponse:
        """Reads one location."""
        return pb.GetLocationResponse(location=await queries.location(tx, request.code))

    @rpc
    async def ListLocations(self, tx: Tx, request: pb.ListLocationsRequest) -> pb.ListLocationsResponse:
        """Lists locations by priority, then by code."""
        return await queries.locations(tx, request)

    @rpc
    async def UpdateLocation(self, tx: Tx, request: pb.UpdateLocationRequest) -> pb.UpdateLocationResponse:
        """Changes the fields that are given."""
        location = await operations.update_location(tx, request.code, messages.location_changes(request))
        return pb.UpdateLocationResponse(location=messages.location(location))
