"""Businesses, storefronts, members, and API keys."""

from decimal import Decimal
from typing import Any

from comanda.sales.v1 import businesses_pb2, identity_pb2, members_pb2
from sales.domain import api_key as domain
from sales.domain.api_key import ApiKey
from sales.domain.business import Business, Storefront
from sales.domain.member import Member
from sales.messages.values import given, plain, time


def business(found: Business) -> businesses_pb2.Business:
    """Returns the business."""
    return businesses_pb2.Business(
        id=str(found.business_id),
        code=found.code,
        name=found.name,
        timezone=found.timezone,
        currency=found.currency,
        created_at=time(found.created_at),
        staff_discount_limit=plain(found.staff_discount_limit),
        manager_discount_limit=plain(found.manager_discount_limit),
    )


def business_changes(request: businesses_pb2.UpdateBusinessRequest) -> dict[str, Any]:
    """Returns the fields that are given."""
    limits = given(request, "staff_discount_limit", "manager_discount_limit")
    return given(request, "name", "timezone") | {name: Decimal(text) for name, text in limits.items()}


def storefront(found: Storefront) -> businesses_pb2.Storefront:
    """Returns the storefront."""
    return businesses_pb2.Storefront(
        code=found.code,
        name=found.name,
        timezone=found.timezone,
        currency=found.currency,
        day_cutover_hour=found.day_cutover_hour,
        is_active=found.is_active,
        created_at=time(found.created_at),
    )


def api_key(found: ApiKey) -> identity_pb2.ApiKey:
    """Returns the key without its secret."""
    return identity_pb2.ApiKey(
        id=str(found.id),
        label=found.label,
        role=found.role,
        customer_id=found.customer_id,
        prefix=domain.prefix(found.id),
        created_at=time(found.created_at),
        revoked_at=time(found.revoked_at),
        scopes=found.scopes,
        expires_at=time(found.expires_at),
    )


def member(found: Member) -> members_pb2.Member:
    """Returns the member."""
    return members_pb2.Member(
        id=str(found.id),
        name=found.name,
        email=found.email,
        role=found.role,
        subject=found.subject,
        is_active=found.is_active,
        created_at=time(found.created_at),
        updated_at=time(found.updated_at),
    )
