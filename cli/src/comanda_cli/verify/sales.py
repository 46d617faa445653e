"""What must be true in the database of sales."""

import hashlib
import json
from uuid import UUID

import asyncpg

from comanda_cli.verify.check import MOST_ROWS, Check, Connections, Finding, Row, rows_check

DATABASE = "sales"
FIRST = "0" * 64

# The whole chain of every business, with the entries as they are now.
LINKS = """
    select c.seq, c.hash, a.* from audit_chain c join audit_log a using (business_id, id) order by a.business_id, c.seq
"""


async def _chains(connections: Connections) -> Finding:
    """Makes every hash anew, of the entry and the hash that is kept of the one before."""
    checked, wrong = 0, list[Row]()
    business: UUID | None = None
    seq, previous = 0, FIRST
    async for row in connections[DATABASE].cursor(LINKS, prefetch=1000):
        if row["business_id"] != business:
            business, seq, previous = row["business_id"], 0, FIRST
        seq += 1
        hashed = row["hash"].hex()
        if (row["seq"], hashed) != (seq, digest(row, previous)) and len(wrong) < MOST_ROWS:
            wrong.append((("business_id", business), ("seq", row["seq"]), ("expected_seq", seq), ("entry", row["id"])))
        previous = hashed
        checked += 1
    return Finding(checked, wrong)


def digest(row: "asyncpg.Record", previous: str) -> str:
    """Returns the hash that an entry has at its place in the chain, given the one before."""
    said = {name: value for name, value in row.items() if name != "hash"}
    said |= {name: str(said[name]) for name in ("business_id", "id")}
    said |= {name: json.loads(said[name]) for name in ("before", "after")}
    said |= {"created_at": said["created_at"].isoformat(), "previous_hash": previous}
    content = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def _sum_check(name: str, total: tuple[str, str, str], parts: tuple[str, str], explanation: str) -> Check:
    """Makes a check that a total (table, what names a row, column) is the sum of its parts (table, what refers to the row)."""
    (table, shown, column), (addends, reference) = total, parts
    wrong = f"""
        select t.business_id, t.{shown}, t.{column}, coalesce(p.sum_q, 0) as {addends}_q
        from {table} t
        left join (
            select business_id, {reference}, sum(amount_q) as sum_q from {addends} group by 1, 2
        ) p on p.business_id = t.business_id and p.{reference} = t.id
        where t.{column} <> coalesce(p.sum_q, 0)
        order by 1, 2
    """
    return rows_check(name, DATABASE, count=f"select count(*) from {table}", wrong=wrong, explanation=explanation)


CHECKS = (
    _sum_check(
        "what a customer owes is the sum of his account's entries",
        ("customers", "id", "balance_q"),
        ("credit_entries", "customer_id"),
        "Balance and entries are written together; one of them was changed alone.",
    ),
    rows_check(
        "an account's entries follow each other",
        DATABASE,
        count="select count(*) from credit_entries",
        wrong="""
            select business_id, customer_id, id, balance_before_q, coalesce(before_q, 0) as expected_before_q
            from (
                select *, lag(balance_after_q) over (partition by business_id, customer_id order by id) as before_q
                from credit_entries
            ) e
            where balance_before_q <> coalesce(before_q, 0)
            order by 1, 2, 3
        """,
        explanation="An entry is missing, or was made without the lock on its customer.",
    ),
    rows_check(
        "credit is held for sales that are being completed and for orders on account, and for nothing else",
        DATABASE,
        count="select count(*) from customers",
        wrong="""
            select c.business_id, c.id, c.held_q, coalesce(h.held_q, 0) as expected_q
            from customers c
            left join (
                select business_id, customer_id, sum(held_q) as held_q
                from (
                    select p.business_id, s.customer_id, (p.plan ->> 'held_q')::bigint as held_q
                    from completions p join sales s on s.business_id = p.business_id and s.id = p.sale_id
                    where p.state in ('running', 'reverting')
                    union all
                    select business_id, customer_id, amount_q from order_credits where state = 'held'
                ) held
                group by 1, 2
            ) h on h.business_id = c.business_id and h.customer_id = c.id
            where c.held_q <> coalesce(h.held_q, 0)
            order by 1, 2
        """,
        explanation="A completion or an order ended without giving its hold back or turning it into a debt.",
    ),
    rows_check(
        "what orders on account have is what their customers' accounts say",
        DATABASE,
        count="select count(*) from order_credits",
        wrong="""
            select c.business_id, c.order_ref, c.state, c.amount_q, coalesce(e.sum_q, 0) as entries_q
            from order_credits c
            left join (
                select business_id, customer_id, reference_id, sum(amount_q) as sum_q
                from credit_entries where type in ('credit_sale', 'refund') group by 1, 2, 3
            ) e on e.business_id = c.business_id and e.customer_id = c.customer_id and e.reference_id = c.order_ref
            where not coalesce(e.sum_q, 0) between case c.state when 'posted' then c.amount_q else 0 end
                and case c.state when 'held' then 0 else c.amount_q end
            order by 1, 2
        """,
        explanation="Credit of an order was posted or given back twice, or not at all.",
    ),
    rows_check(
        "no completion is under way for long",
        DATABASE,
        count="select count(*) from completions",
        wrong="""
            select business_id, id, sale_id, state, created_at from completions
            where state in ('running', 'reverting') and created_at < now() - interval '30 seconds'
            order by created_at
        """,
        explanation="Does the inventory answer? See `comanda status` and `comanda logs sales`.",
        settles=True,
    ),
    rows_check(
        "a sale costs what its items add up to",
        DATABASE,
        count="select count(*) from sales",
        wrong="""
            select s.business_id, s.receipt_number, s.subtotal_q, coalesce(i.sum_q, 0) as items_q
            from sales s
            left join (
                select business_id, sale_id, sum(total_q) as sum_q from sale_items group by 1, 2
            ) i on i.business_id = s.business_id and i.sale_id = s.id
            where s.subtotal_q <> coalesce(i.sum_q, 0)
                or s.amount_due_q <> case when s.status in ('cancelled', 'refunded') then 0
                    else greatest(0, s.total_q - s.amount_paid_q) end
            order by 1, 2
        """,
        explanation="Sale and items are written together; one of them was changed alone.",
    ),
    _sum_check(
        "what is paid of a sale is the sum of its payments",
        ("sales", "receipt_number", "amount_paid_q"),
        ("payments", "sale_id"),
        "A payment was counted twice or not at all.",
    ),
    rows_check(
        "what is paid back of a sale is the sum of its refunds, and no more than was paid",
        DATABASE,
        count="select count(*) from sales",
        wrong="""
            select s.business_id, s.receipt_number, s.amount_paid_q, s.amount_refunded_q, coalesce(r.sum_q, 0) as refunds_q
            from sales s
            left join (
                select business_id, sale_id, sum(amount_q) as sum_q from refunds where status = 'processed' group by 1, 2
            ) r on r.business_id = s.business_id and r.sale_id = s.id
            where s.amount_refunded_q <> coalesce(r.sum_q, 0) or s.amount_refunded_q > s.amount_paid_q
            order by 1, 2
        """,
        explanation="Money was paid back that nobody had paid, or a refund was counted twice or not at all.",
    ),
    rows_check(
        "receipt numbers have no gaps",
        DATABASE,
        count="select count(*) from receipt_counters",
        wrong="""
            select c.business_id, c.storefront, c.business_date, c.last, coalesce(s.n, 0) as receipts
            from receipt_counters c
            full join (
                select business_id, storefront, business_date, count(*) as n from sales group by 1, 2, 3
            ) s using (business_id, storefront, business_date)
            where c.last is distinct from s.n
            order by 1, 2, 3
        """,
        explanation="The number is taken in the transaction that opens the draft, and no sale is ever removed: one was.",
    ),
    Check(
        "sales: no entry of the audit log was changed, removed, or put in later",
        (DATABASE,),
        _chains,
        "The hash of the entry is not the one that was kept. Compare with an export (`comanda audit export`) from before.",
    ),
    rows_check(
        "every entry of the audit log is in its chain",
        DATABASE,
        count="select count(*) from audit_log",
        wrong="""
            select business_id, id, created_at from audit_log a
            where not exists (select from audit_chain c where c.business_id = a.business_id and c.id = a.id)
            order by 1, 2
        """,
        explanation="Entries are linked within about a second by the process that leads: see `comanda logs sales`.",
        settles=True,
    ),
)
