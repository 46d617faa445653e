"""Customers and their accounts, many at a time."""

import asyncio
from itertools import pairwise
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from comanda.sales.v1 import customers_pb2 as pb
from comanda.types.v1.options_pb2 import Role
from kit.errors import Duplicate, Forbidden, Invalid, NotFound


async def create(service: Any, tenant: Any, role: Any = Role.ROLE_OWNER, **fields: Any) -> Any:
    request = pb.CreateCustomerRequest(**({"name": "Ana"} | fields))
    return await service.call(service.customers.CreateCustomer, request, tenant.token(role))


async def update(service: Any, tenant: Any, customer: pb.Customer, **fields: Any) -> pb.Customer:
    request = pb.UpdateCustomerRequest(id=customer.id, **fields)
    changed: pb.Customer = (await service.call(service.customers.UpdateCustomer, request, tenant.token())).customer
    return changed


async def status(service: Any, tenant: Any, customer: pb.Customer, **fields: Any) -> Any:
    request = pb.GetCreditStatusRequest(id=customer.id, **fields)
    return await service.call(service.customers.GetCreditStatus, request, tenant.token())


async def adjust(service: Any, tenant: Any, customer: pb.Customer, amount_q: int) -> pb.CreditEntry:
    request = pb.AdjustCreditRequest(id=customer.id, amount_q=amount_q, reason="because")
    made: pb.CreditEntry = (await service.call(service.customers.AdjustCredit, request, tenant.token())).entry
    return made


async def entries(service: Any, tenant: Any, customer: pb.Customer, **fields: Any) -> Any:
    request = pb.ListCreditEntriesRequest(id=customer.id, **fields)
    return await service.call(service.customers.ListCreditEntries, request, tenant.token())


async def test_a_customer_has_the_terms_of_the_house_unless_told_otherwise(service: Any) -> None:
    tenant = await service.tenant()
    made = (await create(service, tenant)).customer
    assert (made.customer_type, made.credit_terms_days, made.credit_limit_q, made.is_active) == (1, 30, 0, True)
    other = (await create(service, tenant, credit_terms_days=0, customer_type="CUSTOMER_TYPE_WHOLESALE")).customer
    assert (other.customer_type, other.credit_terms_days) == (2, 0)


async def test_blank_names_and_reasons_and_what_is_no_address_are_refused(service: Any) -> None:
    tenant = await service.tenant()
    for fields in ({"name": " \t"}, {"email": "ana"}, {"email": "a b@c"}):
        with pytest.raises(Invalid):
            await create(service, tenant, **fields)
    made = (await create(service, tenant, email="ana@example.com")).customer
    with pytest.raises(Invalid):
        await update(service, tenant, made, name="  ")
    assert (await update(service, tenant, made, email="")).email == ""
    blank = pb.AdjustCreditRequest(id=made.id, amount_q=5, reason=" ")
    with pytest.raises(Invalid):
        await service.call(service.customers.AdjustCredit, blank, tenant.token())
    assert not (await entries(service, tenant, made)).items


async def test_a_telephone_number_is_one_customer_however_often_he_is_created(service: Any) -> None:
    tenant = await service.tenant()
    answers = await asyncio.gather(*(create(service, tenant, phone="+55 11 1") for _ in range(8)))
    assert len({answer.customer.id for answer in answers}) == 1
    assert sum(answer.created for answer in answers) == 1
    await create(service, tenant)
    await create(service, tenant)
    assert (await create(service, await service.tenant(), phone="+55 11 1")).created


async def test_a_number_that_is_taken_cannot_be_given_to_another(service: Any) -> None:
    tenant = await service.tenant()
    await create(service, tenant, phone="1")
    other = (await create(service, tenant, phone="2")).customer
    with pytest.raises(Duplicate) as refused:
        await update(service, tenant, other, phone="1")
    assert refused.value.code == "duplicate_phone"
    assert (await update(service, tenant, other, phone="2", name="Bia")).name == "Bia"


async def test_staff_create_customers_and_grant_no_credit(service: Any) -> None:
    tenant = await service.tenant()
    made = (await create(service, tenant, Role.ROLE_STAFF)).customer
    for field in ("credit_limit_q", "credit_terms_days"):
        with pytest.raises(Forbidden) as refused:
            await create(service, tenant, Role.ROLE_STAFF, **{field: 1})
        assert refused.value.code == "credit_not_allowed"
    request = pb.UpdateCustomerRequest(id=made.id, credit_limit_q=1)
    with pytest.raises(Forbidden):
        await service.call(service.customers.UpdateCustomer, request, tenant.token(Role.ROLE_STAFF))


async def test_the_status_says_what_may_be_bought_and_why_not_more(service: Any) -> None:
    tenant = await service.tenant()
    customer = (await create(service, tenant, credit_limit_q=100_000)).customer
    await adjust(service, tenant, customer, 80_000)
    found = await status(service, tenant, customer, amount_q=30_000)
    assert (found.can_purchase, found.code) == (False, "credit_limit_exceeded")
    assert found.message == "Insufficient credit. Available: 200.00"
    assert (found.outstanding_balance_q, found.available_credit_q) == (80_000, 20_000)
    found = await status(service, tenant, customer, amount_q=15_000)
    assert (found.can_purchase, found.message, found.code) == (True, "OK", "ok")
    await update(service, tenant, customer, credit_blocked=True)
    assert (await status(service, tenant, customer, amount_q=1)).code == "credit_blocked"
    assert (await status(service, tenant, customer, amount_q=1, force=True)).can_purchase
    await update(service, tenant, customer, is_active=False)
    assert (await status(service, tenant, customer, amount_q=1, force=True)).code == "customer_inactive"


async def test_adjustments_at_once_all_count_and_each_says_before_and_after(service: Any) -> None:
    tenant = await service.tenant()
    customer = (await create(service, tenant)).customer
    await asyncio.gather(*(adjust(service, tenant, customer, 100 + n) for n in range(10)))
    lowered = await adjust(service, tenant, customer, -5_000)
    assert (lowered.amount_q, lowered.balance_after_q) == (-1_045, 0)
    found = (await entries(service, tenant, customer)).items
    assert sum(entry.amount_q for entry in found) == 0
    for later, earlier in pairwise(found):
        assert later.balance_before_q == earlier.balance_after_q
    first = await entries(service, tenant, customer, page_size=4)
    assert [*first.items] == [*found][:4]
    assert (await status(service, tenant, customer)).outstanding_balance_q == 0


async def test_the_entries_of_an_account_cannot_be_changed_by_anybody(service: Any) -> None:
    tenant = await service.tenant()
    await adjust(service, tenant, (await create(service, tenant)).customer, 100)
    for statement in (
        "update credit_entries set amount_q = 1",
        "delete from credit_entries",
        "truncate credit_entries",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="Credit entries cannot be"):
            await service.rows(statement)


async def test_customers_are_found_by_words_and_by_what_they_owe(service: Any) -> None:
    tenant = await service.tenant()
    ana = (await create(service, tenant, name="Ana 100%")).customer
    await create(service, tenant, name="Bia", email="bia@example.com")
    await adjust(service, tenant, ana, 1)

    async def found(**fields: Any) -> list[str]:
        answer = await service.call(service.customers.ListCustomers, pb.ListCustomersRequest(**fields), tenant.token())
        return [each.name for each in answer.items]

    assert await found() == ["Bia", "Ana 100%"]
    assert await found(search="0%") == ["Ana 100%"]
    assert await found(search="BIA@") == ["Bia"]
    assert await found(has_outstanding_balance=True) == ["Ana 100%"]
    assert await found(has_outstanding_balance=False) == ["Bia"]


async def test_the_customer_of_another_business_does_not_exist(service: Any) -> None:
    one, other = await service.tenant(), await service.tenant()
    customer = (await create(service, one)).customer
    for call in (status, entries, update):
        with pytest.raises(NotFound):
            await call(service, other, customer)
    with pytest.raises(NotFound):
        await adjust(service, other, customer, 1)
    with pytest.raises(NotFound):
        await status(service, one, pb.Customer(id=str(uuid4())))
