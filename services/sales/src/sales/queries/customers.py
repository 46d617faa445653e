"""Customers and their accounts."""

from uuid import UUID

from comanda.sales.v1 import customers_pb2 as pb
from kit import pages
from kit.db import Tx
from kit.filters import containing, matching
from sales.domain import days
from sales.domain.customer import Customer
from sales.messages import customers as messages
from sales.messages.values import short
from sales.store import businesses
from sales.store import customers as store

ENTRIES = """
    select id, customer_id, type, amount_q, balance_before_q, balance_after_q, reference_id, description, created_by, created_at
    from credit_entries
    where business_id = $1 and customer_id = $2 and id < $3 and ($4::text[] = '{}' or type = any($4))
    order by id desc limit $5
"""
LONGEST_STATEMENT = 1000
STATEMENT = """
    select id, customer_id, type, amount_q, balance_before_q, balance_after_q, reference_id, description, created_by, created_at
    from credit_entries
    where business_id = $1 and customer_id = $2 and created_at >= $3 and created_at < $4
    order by id desc limit $5
"""
# The balance is the sum of its entries, at any moment.
BALANCES = """
    select coalesce(sum(amount_q) filter (where created_at < $3), 0)::bigint,
        coalesce(sum(amount_q) filter (where created_at < $4), 0)::bigint
    from credit_entries where business_id = $1 and customer_id = $2
"""
AGING = """
    select c.id as customer_id, c.name, c.balance_q - due.total_q + due.current_q as current_q, due.days_30_q, due.days_60_q,
        due.days_90_q, due.older_q, c.balance_q as total_q
    from customers c
    cross join lateral (
        select coalesce(sum(q), 0)::bigint as total_q,
            coalesce(sum(q) filter (where late <= interval '0'), 0)::bigint as current_q,
            coalesce(sum(q) filter (where late > interval '0' and late <= interval '30 days'), 0)::bigint as days_30_q,
            coalesce(sum(q) filter (where late > interval '30 days' and late <= interval '60 days'), 0)::bigint as days_60_q,
            coalesce(sum(q) filter (where late > interval '60 days' and late <= interval '90 days'), 0)::bigint as days_90_q,
            coalesce(sum(q) filter (where late > interval '90 days'), 0)::bigint as older_q
        from (
            select s.amount_due_q as q, now() - s.completed_at - make_interval(days => c.credit_terms_days) as late
            from sales s
            where s.business_id = c.business_id and s.customer_id = c.id and s.is_credit_sale and s.amount_due_q > 0
        ) as owed
    ) as due
    where c.business_id = $1 and c.id < $2 and c.balance_q > 0
    order by c.id desc limit $3
"""


async def list_customers(tx: Tx, request: pb.ListCustomersRequest) -> pb.ListCustomersResponse:
    """Returns a page of the business's customers, newest first; raises Invalid for a bad token."""
    where, values = matching(
        ("business_id = ?", tx.business),
        ("customer_type = any(?::text[])", [short(pb.CustomerType, each) for each in request.customer_type]),
        ("is_active = ?", request.is_active if request.HasField("is_active") else None),
        ("credit_blocked = ?", request.credit_blocked if request.HasField("credit_blocked") else None),
        (
            "(balance_q > 0) = ?",
            request.has_outstanding_balance if request.HasField("has_outstanding_balance") else None,
        ),
        ("(name ilike ? or email ilike ? or phone ilike ?)", containing(request.search)),
    )
    rows, token = await pages.newest(tx, request, f"select {store.COLUMNS} from customers", where, values)
    items = [messages.customer(Customer(**row)) for row in rows]
    total = await pages.total(tx, request, f"select count(*) from customers {where}", values)
    return pb.ListCustomersResponse(items=items, next_page_token=token, total=total)


async def list_entries(tx: Tx, request: pb.ListCreditEntriesRequest) -> pb.ListCreditEntriesResponse:
    """Returns a page of an account's entries, newest first; raises NotFound, or Invalid for a bad token."""
    customer = await store.customer(tx, UUID(request.id))
    kinds = [short(pb.CreditEntryType, each) for each in request.type]
    where = (tx.business, customer.id, pages.before(request.page_token), kinds)
    rows, token = await pages.page(tx, request, ENTRIES, where, pages.by_id)
    return pb.ListCreditEntriesResponse(items=map(messages.credit_entry, rows), next_page_token=token)


async def statement(tx: Tx, request: pb.GetStatementRequest) -> pb.GetStatementResponse:
    """Returns how a balance came about within days of the business's zone; raises NotFound, or Invalid(`invalid_date`)."""
    customer = await store.customer(tx, UUID(request.id))
    begin, end = days.span(getattr(request, "from"), request.to, await businesses.zone(tx))
    found = await tx.connection.fetch(STATEMENT, tx.business, customer.id, begin, end, LONGEST_STATEMENT)
    entries = found[::-1]
    before, after = await tx.connection.fetchrow(BALANCES, tx.business, customer.id, begin, end)  # type: ignore[misc]  # an aggregate returns a row always
    return pb.GetStatementResponse(
        customer_id=request.id,
        opening_balance_q=before,
        closing_balance_q=after,
        entries=map(messages.credit_entry, entries),
    )


async def list_aging(tx: Tx, request: pb.ListAgingRequest) -> pb.ListAgingResponse:
    """Returns a page of the customers who owe something, newest first; raises Invalid for a bad token."""
    where = (tx.business, pages.before(request.page_token))
    rows, token = await pages.page(tx, request, AGING, where, lambda row: (str(row["customer_id"]),))
    items = [pb.AgingRow(**{**row, "customer_id": str(row["customer_id"])}) for row in map(dict, rows)]
    return pb.ListAgingResponse(items=items, next_page_token=token)
