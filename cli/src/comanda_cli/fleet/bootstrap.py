"""What a new home gets at its first start: a business, a storefront, and a key that owns it."""

from uuid import UUID

import grpc

from comanda.erp.v1 import webhooks_pb2, webhooks_pb2_grpc
from comanda.sales.v1 import businesses_pb2, businesses_pb2_grpc, identity_pb2, identity_pb2_grpc
from comanda.types.v1 import options_pb2
from comanda_cli.fleet.health import OWN_CONNECTION
from comanda_cli.fleet.secrets import Secrets
from kit import identity

BUSINESS = "demo"
STOREFRONT = "loja"
CALL_SECONDS = 60.0

Metadata = tuple[tuple[str, str], ...]


def operator_token(secrets: Secrets, business_id: UUID = identity.NO_BUSINESS) -> str:
    """Returns an identity token of the installation's operator, bound to a business or to none."""
    who = identity.Identity(business_id=business_id, role=options_pb2.ROLE_SERVICE, subject="operator")
    token, _ = identity.sign(who, identity.private_key(secrets.identity_private_key))
    return token


def operator(secrets: Secrets, business_id: UUID = identity.NO_BUSINESS) -> Metadata:
    """Returns the call metadata of the operator."""
    return (("authorization", f"Bearer {operator_token(secrets, business_id)}"),)


async def create_demo_business(sales_address: str, erp_address: str, secrets: Secrets) -> tuple[str, str]:
    """Creates the business with its storefront, owner's key, and ERP account, and returns its code and the key.

    Repeated after a crash it returns the first answer: every call carries the same request id again.
    Raises grpc.RpcError.
    """
    async with grpc.aio.insecure_channel(sales_address, OWN_CONNECTION) as channel:
        business = await _create_business(channel, secrets)
        await _create_storefront(channel, secrets, UUID(business.id))
        await bind_erp_account(erp_address, secrets, UUID(business.id))
        return business.code, await _create_key(channel, secrets)


async def bind_erp_account(erp_address: str, secrets: Secrets, business_id: UUID) -> None:
    """Makes the ERP account of the installation the business's, unless it is another's already. Raises grpc.RpcError."""
    async with grpc.aio.insecure_channel(erp_address, OWN_CONNECTION) as channel:
        stub = webhooks_pb2_grpc.WebhookServiceStub(channel)
        await stub.BindAccount(
            webhooks_pb2.BindAccountRequest(), metadata=operator(secrets, business_id), timeout=CALL_SECONDS
        )


async def _create_business(channel: grpc.aio.Channel, secrets: Secrets) -> businesses_pb2.Business:
    request = businesses_pb2.CreateBusinessRequest(
        code=BUSINESS, name="Demonstration", request_id=_request_id(secrets, "business")
    )
    stub = businesses_pb2_grpc.BusinessServiceStub(channel)
    answer = await stub.CreateBusiness(request, metadata=operator(secrets), timeout=CALL_SECONDS)
    return answer.business


async def _create_storefront(channel: grpc.aio.Channel, secrets: Secrets, business_id: UUID) -> None:
    request = businesses_pb2.CreateStorefrontRequest(
        code=STOREFRONT, name="Loja", request_id=_request_id(secrets, "storefront")
    )
    stub = businesses_pb2_grpc.StorefrontServiceStub(channel)
    await stub.CreateStorefront(request, metadata=operator(secrets, business_id), timeout=CALL_SECONDS)


async def _create_key(channel: grpc.aio.Channel, secrets: Secrets) -> str:
    request = identity_pb2.CreateApiKeyRequest(
        role=options_pb2.ROLE_OWNER, label="first key", business=BUSINESS, request_id=_request_id(secrets, "key")
    )
    stub = identity_pb2_grpc.ApiKeyServiceStub(channel)
    answer = await stub.CreateApiKey(request, metadata=operator(secrets), timeout=CALL_SECONDS)
    return answer.api_key.secret


def _request_id(secrets: Secrets, what: str) -> str:
    return f"{secrets.installation}-{what}"
