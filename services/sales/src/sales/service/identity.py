"""ApiKeyService and IdentityService."""

from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comanda.sales.v1 import identity_pb2 as pb
from comanda.sales.v1 import identity_pb2_grpc
from kit import identity
from kit.call import current
from kit.db import Database, Tx
from kit.rpc import answer, rpc
from sales import messages, queries
from sales.domain import api_key as domain
from sales.operations import api_keys


class ApiKeyService(identity_pb2_grpc.ApiKeyServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, private_key: Ed25519PrivateKey) -> None:
        self.database = database
        self._private_key = private_key.private_bytes_raw()

    async def CreateApiKey(self, request: pb.CreateApiKeyRequest, _: Any) -> pb.CreateApiKeyResponse:
        # Before the frame looks for an earlier answer: a repeat by somebody else must not show him a key above his own.
        domain.check_grant(current.get().identity.role, request.role, request.customer_id)
        response = await answer(self, ApiKeyService._create, request)
        # After the frame has stored the answer: the secret follows from the id, so a repeat gets it as well.
        key_id = UUID(response.api_key.id)
        response.api_key.secret = domain.credential(key_id, domain.secret(self._private_key, key_id))
        return response

    async def _create(self, tx: Tx, request: pb.CreateApiKeyRequest) -> pb.CreateApiKeyResponse:
        new = await api_keys.create(
            tx,
            request.role,
            request.label,
            request.customer_id,
            business_code=request.business,
            private_key=self._private_key,
        )
        return pb.CreateApiKeyResponse(api_key=messages.api_key(new))

    @rpc
    async def ListApiKeys(self, tx: Tx, request: pb.ListApiKeysRequest) -> pb.ListApiKeysResponse:
        return await queries.list_api_keys(tx, request)

    @rpc
    async def RevokeApiKey(self, tx: Tx, request: pb.RevokeApiKeyRequest) -> pb.RevokeApiKeyResponse:
        revoked = await api_keys.revoke(tx, UUID(request.id))
        return pb.RevokeApiKeyResponse(api_key=messages.api_key(revoked))


class IdentityService(identity_pb2_grpc.IdentityServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, private_key: Ed25519PrivateKey) -> None:
        self.database = database
        self._private_key = private_key

    @rpc
    async def Authenticate(self, tx: Tx, request: pb.AuthenticateRequest) -> pb.AuthenticateResponse:
        token, expires_at = identity.sign(await api_keys.authenticate(tx, request.credential), self._private_key)
        return pb.AuthenticateResponse(identity_token=token, expires_at=messages.time(expires_at))

    async def exchange(self, credential: str) -> str:
        """Returns an identity token for a key, for callers of this very service; raises Unauthenticated."""
        bearer = await self.database.read(lambda tx: api_keys.authenticate(tx, credential))
        return identity.sign(bearer, self._private_key)[0]
