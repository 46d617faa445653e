"""MappingService."""

from google.protobuf.json_format import MessageToDict

from comanda.erp.v1 import mappings_pb2 as pb
from comanda.erp.v1 import mappings_pb2_grpc
from erp_bridge import messages
from erp_bridge.operations import mappings
from erp_bridge.queries import mappings as lists
from kit.db import Database, Tx
from kit.rpc import rpc
from kit.status import integral


class MappingService(mappings_pb2_grpc.MappingServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def ListMappings(self, tx: Tx, request: pb.ListMappingsRequest) -> pb.ListMappingsResponse:
        return await lists.mappings(tx, request)

    @rpc
    async def SetMapping(self, tx: Tx, request: pb.SetMappingRequest) -> pb.SetMappingResponse:
        value, at = await mappings.put(tx, request.kind, request.key, integral(MessageToDict(request.value)))
        return pb.SetMappingResponse(mapping=messages.mapping(request.kind, request.key, value, at))

    @rpc
    async def RemoveMapping(self, tx: Tx, request: pb.RemoveMappingRequest) -> pb.RemoveMappingResponse:
        await mappings.remove(tx, request.kind, request.key)
        return pb.RemoveMappingResponse()
