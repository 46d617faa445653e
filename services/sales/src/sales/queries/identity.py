"""Storefronts, members, and API keys."""

from comanda.sales.v1 import businesses_pb2, identity_pb2, members_pb2
from kit import pages
from kit.db import Tx
from sales.domain import api_key
from sales.domain.business import Storefront
from sales.messages import identity as messages
from sales.store import api_keys, businesses, members

STOREFRONTS = f"""
    select {businesses.STOREFRONT_COLUMNS} from storefronts where business_id = $1 and code > $2 order by code limit $3
"""
MEMBERS = f"""
    select {members.COLUMNS} from members
    where business_id = $1 and id < $2 and ($3::text[] = '{{}}' or role = any($3)) and ($4::boolean is null or is_active = $4)
    order by id desc limit $5
"""
API_KEYS = f"select {api_keys.COLUMNS} from api_keys where business_id = $1 and id < $2 order by id desc limit $3"


async def list_storefronts(
    tx: Tx, request: businesses_pb2.ListStorefrontsRequest
) -> businesses_pb2.ListStorefrontsResponse:
    """Returns a page of the business's storefronts, by code."""
    [after] = pages.key(request.page_token, "")
    rows, token = await pages.page(tx, request, STOREFRONTS, (tx.business, after), lambda row: (row["code"],))
    items = [messages.storefront(Storefront(**row)) for row in rows]
    return businesses_pb2.ListStorefrontsResponse(items=items, next_page_token=token)


async def list_api_keys(tx: Tx, request: identity_pb2.ListApiKeysRequest) -> identity_pb2.ListApiKeysResponse:
    """Returns a page of the business's keys, newest first, revoked ones too."""
    where = (tx.business, pages.before(request.page_token))
    rows, token = await pages.page(tx, request, API_KEYS, where, pages.by_id)
    items = [messages.api_key(api_keys.read(row)) for row in rows]
    return identity_pb2.ListApiKeysResponse(items=items, next_page_token=token)


async def list_members(tx: Tx, request: members_pb2.ListMembersRequest) -> members_pb2.ListMembersResponse:
    """Returns a page of the business's members, newest first."""
    roles = [api_key.name(role) for role in request.role]
    active = request.is_active if request.HasField("is_active") else None
    where = (tx.business, pages.before(request.page_token), roles, active)
    rows, token = await pages.page(tx, request, MEMBERS, where, pages.by_id)
    items = [messages.member(members.read(row)) for row in rows]
    return members_pb2.ListMembersResponse(items=items, next_page_token=token)
