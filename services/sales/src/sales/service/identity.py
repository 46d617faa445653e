"""ApiKeyService and IdentityService."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comanda.sales.v1 import identity_pb2 as pb
from comanda.sales.v1 import identity_pb2_grpc
from kit import identity
from kit.call import current
from kit.db import Database, Tx
from kit.ids import uuid7
from kit.rpc import answer, rpc
from sales.domain import api_key as domain
from sales.domain.api_key import ApiKey
from sales.issuer import Issuer
from sales.messages import identity as messages
from sales.messages.values import time
from sales.operations import api_keys, members
from sales.queries import identity as queries
from sales.store import api_keys as store


class ApiKeyService(identity_pb2_grpc.ApiKeyServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, private_key: Ed25519PrivateKey) -> None:
        self.database = database
        self._private_key = private_key.private_bytes_raw()

    async def CreateApiKey(self, request: pb.CreateApiKeyRequest, _: Any) -> pb.CreateApiKeyResponse:
        # Before the frame looks for an earlier answer: a repeat by somebody else must not show him a key above his own.
        who = current.get().identity
        domain.check_grant(who.role, who.scopes, request.role, request.customer_id, request.scopes)
        response = await answer(self, ApiKeyService._create, request)
        self._reveal(response.api_key)
        return response

    async def _create(self, tx: Tx, request: pb.CreateApiKeyRequest) -> pb.CreateApiKeyResponse:
        key_id = uuid7()
        new = ApiKey(
            business_id=tx.business,
            id=key_id,
            label=request.label,
            role=request.role,
            customer_id=request.customer_id,
            digest=domain.digest(domain.secret(self._private_key, key_id)),
            created_by=tx.actor,
            created_at=tx.now,
            scopes=list(request.scopes),
            expires_at=request.expires_at.ToDatetime(UTC) if request.HasField("expires_at") else None,
        )
        made = await api_keys.create(tx, new, request.business)
        return pb.CreateApiKeyResponse(api_key=messages.api_key(made))

    def _reveal(self, shown: pb.ApiKey) -> None:
        # After the frame has stored the answer: the secret follows from the id, so a repeat gets it as well.
        key_id = UUID(shown.id)
        shown.secret = domain.credential(key_id, domain.secret(self._private_key, key_id))

    @rpc
    async def GetApiKey(self, tx: Tx, request: pb.GetApiKeyRequest) -> pb.GetApiKeyResponse:
        return pb.GetApiKeyResponse(api_key=messages.api_key(await store.own_api_key(tx, UUID(request.id))))

    async def RotateApiKey(self, request: pb.RotateApiKeyRequest, _: Any) -> pb.RotateApiKeyResponse:
        await self._check_rotation(request)
        response = await answer(self, ApiKeyService._rotate, request)
        self._reveal(response.api_key)
        return response

    async def _check_rotation(self, request: pb.RotateApiKeyRequest) -> None:
        """Like the check of a grant before the frame: a repeat must not show anybody a key above his own."""
        granter = current.get().identity
        old = await self.database.read(lambda tx: store.own_api_key(tx, UUID(request.id)), granter)
        domain.check_grant(granter.role, granter.scopes, old.role, old.customer_id, old.scopes)

    async def _rotate(self, tx: Tx, request: pb.RotateApiKeyRequest) -> pb.RotateApiKeyResponse:
        overlap = timedelta(seconds=request.overlap_seconds)
        new = await api_keys.rotate(tx, UUID(request.id), overlap, self._private_key)
        return pb.RotateApiKeyResponse(api_key=messages.api_key(new))

    @rpc
    async def ListApiKeys(self, tx: Tx, request: pb.ListApiKeysRequest) -> pb.ListApiKeysResponse:
        return await queries.list_api_keys(tx, request)

    @rpc
    async def RevokeApiKey(self, tx: Tx, request: pb.RevokeApiKeyRequest) -> pb.RevokeApiKeyResponse:
        revoked = await api_keys.revoke(tx, UUID(request.id))
        return pb.RevokeApiKeyResponse(api_key=messages.api_key(revoked))


class IdentityService(identity_pb2_grpc.IdentityServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, private_key: Ed25519PrivateKey, issuer: Issuer | None) -> None:
        self.database = database
        self._private_key = private_key
        self._issuer = issuer

    async def Authenticate(self, request: pb.AuthenticateRequest, _: Any) -> pb.AuthenticateResponse:
        token, expires_at = await self._token(request.credential)
        return pb.AuthenticateResponse(identity_token=token, expires_at=time(expires_at))

    async def exchange(self, credential: str) -> str:
        """Returns an identity token for a credential, for callers of this very service; raises Unauthenticated."""
        return (await self._token(credential))[0]

    async def _token(self, credential: str) -> tuple[str, datetime]:
        if self._issuer and credential.count(".") == 2:
            shown = await self._issuer.bearer(credential)
            bearer, lifetime = await self.database.read(lambda tx: members.recognise(tx, shown)), shown.lifetime
        else:
            bearer, lifetime = await self.database.read(lambda tx: api_keys.authenticate(tx, credential))
        return identity.sign(bearer, self._private_key, lifetime)
