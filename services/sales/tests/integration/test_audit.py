"""Who did what, for good: nobody changes it, and a chain of hashes shows it if somebody does."""

import asyncio
import hashlib
import json
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from comanda.sales.events.v1.sales_pb2 import CustomerErased
from comanda.sales.v1 import audit_pb2 as pb
from comanda.sales.v1.customers_pb2 import (
    AdjustCreditRequest,
    CreateCustomerRequest,
    EraseCustomerRequest,
    UpdateCustomerRequest,
)
from comanda.types.v1.options_pb2 import Role
from kit.errors import Forbidden, Invalid, Refused
from kit.testing import eventually
from sales.domain.audit import EVENTS

from .counter import tables_with

FIRST = "0" * 64


async def customer(service: Any, tenant: Any, **fields: Any) -> Any:
    request = CreateCustomerRequest(**({"name": "Ana Secreta"} | fields))
    return (await service.call(service.customers.CreateCustomer, request, tenant.token())).customer


async def logged(service: Any, tenant: Any, **fields: Any) -> Any:
    answer = await service.call(service.audit.ListAuditLog, pb.ListAuditLogRequest(**fields), tenant.token())
    return answer.items


async def chain(service: Any, tenant: Any, length: int) -> list[pb.AuditLink]:
    """The chain, once it is as long as that."""

    async def whole() -> list[pb.AuditLink] | None:
        answer = await service.call(
            service.audit.ListAuditChain, pb.ListAuditChainRequest(page_size=1000), tenant.token()
        )
        return list(answer.items) if len(answer.items) >= length else None

    found: Any = await eventually(whole)
    return list(found)


def breaks(links: list[pb.AuditLink]) -> list[int]:
    """The places at which a chain is not what it was."""
    previous, wrong = FIRST, []
    for place, link in enumerate(links, 1):
        said = json.loads(link.content)
        whole = hashlib.sha256(link.content.encode()).hexdigest() == link.hash
        if not whole or (said["seq"], said["previous_hash"]) != (place, previous):
            wrong.append(place)
        previous = link.hash
    return wrong


async def test_an_entry_says_who_did_what_to_whom(service: Any) -> None:
    tenant = await service.tenant()
    made = await customer(service, tenant, credit_limit_q=500)
    request = UpdateCustomerRequest(id=made.id, credit_limit_q=700, phone="+55 11 5555")
    await service.call(service.customers.UpdateCustomer, request, tenant.token())
    updated, created = await logged(service, tenant, customer_id=made.id)
    assert (created.event_type, created.user, created.role) == ("customer.created", "key:test", "owner")
    assert created.request_id
    assert (updated.event_type, updated.before["credit_limit_q"], updated.after["credit_limit_q"]) == (
        "customer.updated", 500, 700,
    )  # fmt: skip
    assert [each.event_type for each in await logged(service, tenant, event_type=["customer.created"])] == [
        "customer.created"
    ]


async def test_entries_are_found_by_days_and_by_moments(service: Any) -> None:
    tenant = await service.tenant()
    await customer(service, tenant)
    [entry] = await logged(service, tenant)
    moment = entry.timestamp.ToDatetime(UTC)
    day = moment.astimezone(ZoneInfo("America/Sao_Paulo")).date()
    before, after = (day - timedelta(days=1)).isoformat(), (day + timedelta(days=1)).isoformat()
    for bounds, found in (
        ({"from": day.isoformat(), "to": day.isoformat()}, True),
        ({"to": before}, False),
        ({"from": after}, False),
        ({"from": moment.isoformat()}, True),
        ({"to": moment.isoformat()}, False),
        ({"from": before, "to": (moment + timedelta(seconds=1)).isoformat()}, True),
    ):
        assert bool(await logged(service, tenant, **bounds)) == found, bounds
    with pytest.raises(Invalid):
        await logged(service, tenant, **{"from": "2026-02-30"})


async def test_events_that_there_are_not_are_refused_by_name(service: Any) -> None:
    tenant = await service.tenant()
    assert not await logged(service, tenant, event_type=sorted(EVENTS))
    assert len(EVENTS) == 19
    with pytest.raises(Invalid) as refused:
        await logged(service, tenant, event_type=["sale.created", "sale.eaten"])
    assert (refused.value.code, refused.value.context["event_type"]) == ("unknown_event_type", "sale.eaten")


async def test_no_personal_data_reaches_the_log(service: Any) -> None:
    tenant = await service.tenant()
    made = await customer(service, tenant, phone="+55 11 5555", email="ana@example.com")
    request = UpdateCustomerRequest(id=made.id, name="Bia Secreta", address="Rua Secreta")
    await service.call(service.customers.UpdateCustomer, request, tenant.token())
    for row in await service.rows("select to_jsonb(a)::text as text from audit_log a"):
        assert not [word for word in ("Secreta", "5555", "ana@") if word in row["text"]]


async def test_a_person_is_forgotten_and_the_chain_stays_whole(service: Any) -> None:
    tenant = await service.tenant()
    personal = {
        "name": "Ana Secreta",
        "email": "ana@x.com",
        "phone": "+55 11 5",
        "address": "Rua 1",
        "contact_person": "Eva",
    }
    made = await customer(service, tenant, request_id="first", **personal)
    changing = UpdateCustomerRequest(id=made.id, phone="+55 11 6", request_id="second")
    await service.call(service.customers.UpdateCustomer, changing, tenant.token())
    personal_values = {*personal.values(), changing.phone}
    adjusting = AdjustCreditRequest(id=made.id, amount_q=500, reason="opening")
    await service.call(service.customers.AdjustCredit, adjusting, tenant.token())
    before = await chain(service, tenant, 3)
    erasing = EraseCustomerRequest(id=made.id)
    with pytest.raises(Refused) as refused:
        await service.call(service.customers.EraseCustomer, erasing, tenant.token())
    assert (refused.value.code, refused.value.context["balance_q"]) == ("customer_owes", 500)
    with pytest.raises(Forbidden):
        await service.call(service.customers.EraseCustomer, erasing, tenant.token(Role.ROLE_MANAGER))
    adjusting = AdjustCreditRequest(id=made.id, amount_q=-500, reason="paid")
    await service.call(service.customers.AdjustCredit, adjusting, tenant.token())
    for _ in range(2):
        erased = (await service.call(service.customers.EraseCustomer, erasing, tenant.token())).customer
    assert (erased.id, erased.is_active, [getattr(erased, name) for name in personal]) == (made.id, False, [""] * 5)
    assert not await tables_with(service.rows, *personal_values)
    repeated = await customer(service, tenant, request_id="first", **personal)
    assert (repeated.id, repeated.created_at, repeated.name, repeated.phone) == (made.id, made.created_at, "", "")
    after = await chain(service, tenant, 6)
    assert not breaks(after)
    assert [link.hash for link in after[: len(before)]] == [link.hash for link in before]
    assert not [value for value in personal_values for link in after if value in link.content]

    async def told() -> bool:
        return (tenant.id, CustomerErased(customer_id=made.id)) in await service.published(CustomerErased)

    await eventually(told, 60)


async def test_writes_at_once_in_two_businesses_make_two_whole_chains(service: Any) -> None:
    one, other = await service.tenant(), await service.tenant()
    await asyncio.gather(*(customer(service, tenant) for tenant in (one, other) for _ in range(25)))
    for tenant in (one, other):
        links = await chain(service, tenant, 25)
        assert [link.seq for link in links] == list(range(1, 26))
        assert not breaks(links)
    assert not await service.rows("select from audit_pending")


async def test_whoever_changes_a_row_behind_the_log_is_found_out(service: Any) -> None:
    tenant = await service.tenant()
    for _ in range(3):
        await customer(service, tenant)
    assert not breaks(await chain(service, tenant, 3))
    await service.rows("alter table audit_log disable trigger append_only")
    await service.rows(
        "update audit_log set role = 'staff' where id = (select id from audit_chain where business_id = $1 and seq = 2)",
        tenant.id,
    )
    assert breaks(await chain(service, tenant, 3)) == [2]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("update {table} set business_id = business_id", "Audit logs cannot be modified"),
        ("delete from {table}", "Audit logs cannot be deleted"),
        ("truncate {table}", "Audit logs cannot be deleted"),
    ],
)
async def test_the_log_and_its_chain_are_only_added_to(service: Any, statement: str, message: str) -> None:
    tenant = await service.tenant()
    await customer(service, tenant)
    await chain(service, tenant, 1)
    for table in ("audit_log", "audit_chain"):
        with pytest.raises(asyncpg.RestrictViolationError, match=message):
            await service.rows(statement.format(table=table))


async def test_the_log_of_another_business_is_out_of_sight(service: Any) -> None:
    one, other = await service.tenant(), await service.tenant()
    await customer(service, one)
    await chain(service, one, 1)
    assert not await logged(service, other)
    seen = await service.call(service.audit.ListAuditChain, pb.ListAuditChainRequest(), other.token())
    assert not seen.items
