"""What must be true of money that a provider moves: between intents and what was asked for them, and in the histories of orders."""

from typing import Any

from comanda_cli.verify.check import MOST_ROWS, Check, Connection, Connections, Finding, Row, rows_check

SALES, ORDERS = "sales", "orders"

TOLD = """
    select business_id, payload ->> 'intent_id' as intent_id,
        coalesce(sum((payload ->> 'amount_q')::bigint) filter (where type = 'payment.captured'), 0)::bigint as captured_q,
        coalesce(sum((payload ->> 'amount_q')::bigint) filter (where type = 'payment.refunded'), 0)::bigint as refunded_q
    from order_events
    where type in ('payment.captured', 'payment.refunded')
    group by 1, 2
"""
# Of what was told, whatever never moved. What moved before an intent had its order is in no history, so less may be told.
NEVER_MOVED = """
    select t.business_id, t.intent_id, t.captured_q as told_captured_q, coalesce(i.captured_q, 0) as captured_q,
        t.refunded_q as told_refunded_q, coalesce(i.refunded_q, 0) as refunded_q
    from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[]) as t (business_id, intent_id, captured_q, refunded_q)
    left join payment_intents i on i.business_id = t.business_id
        and i.id = case when t.intent_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then t.intent_id::uuid end
    where t.captured_q > coalesce(i.captured_q, 0) or t.refunded_q > coalesce(i.refunded_q, 0)
"""


async def _told(connections: Connections) -> Finding:
    checked, wrong = 0, list[Row]()
    batch: list[Any] = []
    async for row in connections[ORDERS].cursor(TOLD, prefetch=1000):
        batch.append(tuple(row))
        checked += 1
        if len(batch) == MOST_ROWS:
            wrong += await _never_moved(connections[SALES], batch)
            batch = []
    wrong += await _never_moved(connections[SALES], batch)
    return Finding(checked, wrong[:MOST_ROWS])


async def _never_moved(sales: Connection, told: list[Any]) -> list[Row]:
    columns: list[list[Any]] = [[row[index] for row in told] for index in range(4)]
    return [tuple(row.items()) for row in await sales.fetch(NEVER_MOVED, *columns)]


CHECKS = (
    rows_check(
        "what was taken and given back of a payment is what was asked for and done",
        SALES,
        count="select count(*) from payment_intents",
        # A provider outside may also take money by itself, when the buyer pays, and give it back.
        wrong="""
            select i.business_id, i.id, i.provider, i.status, i.captured_q, coalesce(o.captured_q, 0) as operations_captured_q,
                i.refunded_q, coalesce(o.refunded_q, 0) as operations_refunded_q
            from payment_intents i
            left join (
                select business_id, intent_id, sum(amount_q) filter (where kind = 'capture') as captured_q,
                    sum(amount_q) filter (where kind = 'refund') as refunded_q
                from payment_operations where state = 'done' group by 1, 2
            ) o on o.business_id = i.business_id and o.intent_id = i.id
            where i.captured_q < coalesce(o.captured_q, 0) or i.refunded_q < coalesce(o.refunded_q, 0)
                or (i.provider = 'manual' and (i.captured_q, i.refunded_q)
                    <> (coalesce(o.captured_q, 0), coalesce(o.refunded_q, 0)))
                or (i.status in ('captured', 'refunded')) <> (i.captured_q > 0)
                or (i.status = 'refunded') <> (i.captured_q > 0 and i.refunded_q = i.captured_q)
            order by 1, 2
        """,
        explanation="Money was counted twice or not at all. Compare with what the provider shows of the intent.",
    ),
    rows_check(
        "somebody sees to everything that is asked of the payment provider",
        SALES,
        count="select count(*) from payment_operations",
        wrong="""
            select business_id, intent_id, id, kind, state, attempts, error, due_at from payment_operations
            where state in ('pending', 'sent') and (due_at is null or due_at < now() - interval '2 minutes')
            order by due_at
        """,
        explanation="Is COMANDA_PAYMENT_URL set, and does the sales service run? See `comanda logs sales`.",
        settles=True,
    ),
    rows_check(
        "what comes through an intent to a sale is money that was taken, and all that the intent pays",
        SALES,
        count="select count(*) from payment_intents where sale_id is not null",
        # While a sale is being completed its intents are tied, and its payments not yet there.
        wrong="""
            select coalesce(i.business_id, p.business_id) as business_id, coalesce(i.id, p.payment_intent_id) as intent_id,
                i.sale_id as pays_sale_id, p.sale_id, p.id as payment_id, i.captured_q, p.amount_q
            from (select * from payment_intents where sale_id is not null) i
            full join (
                select business_id, id, sale_id, payment_intent_id, amount_q,
                    count(*) over (partition by business_id, payment_intent_id) as n
                from payments where payment_intent_id is not null
            ) p on p.business_id = i.business_id and p.payment_intent_id = i.id
            where p.n > 1 or i.sale_id is distinct from p.sale_id and not exists (
                select from completions c
                where p.id is null and c.business_id = i.business_id and c.sale_id = i.sale_id
                    and c.state in ('running', 'reverting')
            ) or i.captured_q < p.amount_q or i.order_ref <> ''
            order by 1, 2
        """,
        explanation="A sale counts money that never came, or that pays something else, too.",
    ),
    rows_check(
        "a refund gives back of each payment what is written, through its intent, and no more than was paid",
        SALES,
        count="select count(*) from repayments",
        wrong="""
            select r.business_id, r.refund_id, r.payment_id, r.amount_q, f.amount_q as refund_q, p.amount_q as payment_q,
                o.kind, o.amount_q as operation_q
            from (
                select *, sum(amount_q) over (partition by business_id, refund_id) as of_refund_q,
                    sum(amount_q) over (partition by business_id, payment_id) as of_payment_q
                from repayments
            ) r
            join refunds f on f.business_id = r.business_id and f.id = r.refund_id
            join payments p on p.business_id = r.business_id and p.id = r.payment_id
            left join payment_operations o on o.business_id = r.business_id and o.id = r.operation_id
            where f.status <> 'processed' or f.sale_id <> p.sale_id or r.of_refund_q <> f.amount_q
                or r.of_payment_q > p.amount_q
                or (o.intent_id, o.kind, o.amount_q) is distinct from (p.payment_intent_id,
                    case when p.payment_intent_id is not null then 'refund' end,
                    case when p.payment_intent_id is not null then r.amount_q end)
            union all
            select f.business_id, f.id, null, null, f.amount_q, null, null, null
            from refunds f
            where f.status = 'processed' and f.amount_q > 0
                and not exists (select from repayments r where r.business_id = f.business_id and r.refund_id = f.id)
                and exists (
                    select from payments p
                    where p.business_id = f.business_id and p.sale_id = f.sale_id and p.payment_intent_id is not null
                )
            order by 1, 2, 3
        """,
        explanation="Money went back otherwise than the refund says. Compare with what the provider shows of the intent.",
    ),
    Check(
        "orders and sales: no order tells of money that never moved",
        (ORDERS, SALES),
        _told,
        "Its history counts a payment or a refund twice, or one that the books do not have.",
        settles=True,
    ),
)
