"""ChannelService."""

from comanda.orders.v1 import channels_pb2 as pb
from comanda.orders.v1 import channels_pb2_grpc
from kit.db import Database, Tx
from kit.errors import NotFound
from kit.rpc import rpc
from orders.domain import channel as domain
from orders.domain.channel import Channel
from orders.messages import channels as messages
from orders.messages import values
from orders.operations import channels
from orders.queries import lists
from orders.store import channels as store


class ChannelService(channels_pb2_grpc.ChannelServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def CreateChannel(self, tx: Tx, request: pb.CreateChannelRequest) -> pb.CreateChannelResponse:
        new = Channel(
            code=request.code,
            name=request.name,
            pricing_policy=messages.policy("pricing_policy", request.pricing_policy, domain.INTERNAL),
            edit_policy=messages.policy("edit_policy", request.edit_policy, domain.OPEN),
            display_order=request.display_order,
            config=values.plain(request.config),
            config_version=1,
            is_active=request.is_active if request.HasField("is_active") else True,
            currency=request.currency or await store.business_currency(tx) or domain.CURRENCY,
            created_at=tx.now,
            updated_at=tx.now,
        )
        return pb.CreateChannelResponse(
            channel=messages.channel(await channels.create_channel(tx, new, request.preset))
        )

    @rpc
    async def GetChannel(self, tx: Tx, request: pb.GetChannelRequest) -> pb.GetChannelResponse:
        found = await store.channel(tx, request.code)
        if found is None:
            raise NotFound("not_found", code=request.code)
        return pb.GetChannelResponse(channel=messages.channel(found))

    @rpc
    async def ListChannels(self, tx: Tx, request: pb.ListChannelsRequest) -> pb.ListChannelsResponse:
        return await lists.list_channels(tx, request)

    @rpc
    async def UpdateChannel(self, tx: Tx, request: pb.UpdateChannelRequest) -> pb.UpdateChannelResponse:
        changed = await channels.update_channel(tx, request.code, messages.channel_changes(request))
        return pb.UpdateChannelResponse(channel=messages.channel(changed))
