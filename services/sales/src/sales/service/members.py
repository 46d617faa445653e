"""MemberService."""

from uuid import UUID

from comanda.sales.v1 import members_pb2 as pb
from comanda.sales.v1 import members_pb2_grpc
from kit.db import Database, Tx
from kit.ids import uuid7
from kit.rpc import rpc
from sales.domain.member import Member
from sales.messages import identity as messages
from sales.messages.values import given
from sales.operations import members
from sales.queries import identity as queries
from sales.store import members as store


class MemberService(members_pb2_grpc.MemberServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def CreateMember(self, tx: Tx, request: pb.CreateMemberRequest) -> pb.CreateMemberResponse:
        new = Member(
            id=uuid7(),
            name=request.name,
            email=request.email,
            role=request.role,
            subject=request.subject,
            is_active=True,
            created_at=tx.now,
            updated_at=tx.now,
        )
        return pb.CreateMemberResponse(member=messages.member(await members.create(tx, new)))

    @rpc
    async def GetMember(self, tx: Tx, request: pb.GetMemberRequest) -> pb.GetMemberResponse:
        return pb.GetMemberResponse(member=messages.member(await store.member(tx, UUID(request.id))))

    @rpc
    async def ListMembers(self, tx: Tx, request: pb.ListMembersRequest) -> pb.ListMembersResponse:
        return await queries.list_members(tx, request)

    @rpc
    async def UpdateMember(self, tx: Tx, request: pb.UpdateMemberRequest) -> pb.UpdateMemberResponse:
        changes = given(request, "name", "email", "role", "subject", "is_active")
        changed = await members.update(tx, UUID(request.id), changes)
        return pb.UpdateMemberResponse(member=messages.member(changed))
