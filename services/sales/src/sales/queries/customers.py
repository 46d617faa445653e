"""Customers and their accounts."""

from uuid import UUID

from comanda.sales.v1 import customers_pb2 as pb
from kit import pages
from kit.db import Tx
from sales.domain.customer import Customer
from sales.messages import customers as messages
from sales.messages.values import short
from sales.queries.filters import containing, matching
from sales.store import customers as store

ENTRIES = """
    select id, customer_id, type, amount_q, balance_before_q, balance_after_q, reference_id, description, created_by, created_at
    from credit_entries
    where business_id = $1 and customer_id = $2 and id < $3 and ($4::text[] = '{}' or type = any($4))
    order by id desc limit $5
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
    size, n = request.page_size or pages.SIZE, len(values)
    page = f"select {store.COLUMNS} from customers {where} and id < ${n + 1} order by id desc limit ${n + 2}"
    rows, token = pages.cut(
        await tx.connection.fetch(page, *values, pages.before(request.page_token), size + 1),
        size,
        lambda row: (str(row["id"]),),
    )
    items = [messages.customer(Customer(**row)) for row in rows]
    found = pb.ListCustomersResponse(items=items, next_page_token=token)
    if request.include_total:
        found.total = await tx.connection.fetchval(f"select count(*) from customers {where}", *values)
    return found


async def list_entries(tx: Tx, request: pb.ListCreditEntriesRequest) -> pb.ListCreditEntriesResponse:
    """Returns a page of an account's entries, newest first; raises NotFound, or Invalid for a bad token."""
    customer = await store.customer(tx, UUID(request.id))
    size = request.page_size or pages.SIZE
    kinds = [short(pb.CreditEntryType, each) for each in request.type]
    rows, token = pages.cut(
        await tx.connection.fetch(ENTRIES, tx.business, customer.id, pages.before(request.page_token), kinds, size + 1),
        size,
        lambda row: (str(row["id"]),),
    )
    return pb.ListCreditEntriesResponse(items=map(messages.credit_entry, rows), next_page_token=token)
