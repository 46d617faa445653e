"""What must be true in the database of orders."""

from collections.abc import Sequence

from comanda_cli.verify.check import rows_check

DATABASE = "orders"

# Work that the hub's own services do. That of other topics leaves for mail servers and webhooks, whose failures are theirs.
TOPICS = (
    *("stock.hold", "stock.commit", "stock.release", "stock.restock"),
    *("payment.authorize", "payment.capture", "payment.refund", "credit.hold", "credit.post", "credit.release"),
    *("erp.order.export", "erp.attachments.transfer", "erp.purchase_order.close"),
)
# How work may fail without anything being wrong: `topic code`. A check whose session has moved on is made anew, and one
# of a session that there is not, or a transfer of a table that there is not, was asked for by hand (O-K5); a customer without
# the money or the credit for an order is told so.
EXPECTED = (
    "stock.hold stale_rev",
    "stock.hold session_not_found",
    "erp.attachments.transfer unknown_table",
    *(
        f"payment.{kind} {code}"
        for kind in ("authorize", "capture", "refund")
        for code in (
            *("no_intent_id", "intent_not_found", "intent_of_other_order", "currency_mismatch", "invalid_status"),
            *("not_captured", "exceeds_authorized", "exceeds_captured", "payment_declined"),
        )
    ),
    "credit.hold credit_limit_exceeded",
    "credit.hold credit_blocked",
    "credit.hold customer_inactive",
    "credit.hold customer_overdue",
    "credit.hold customer_unknown",
    "credit.hold credit_released",
    "credit.post no_credit_held",
)


def _texts(values: Sequence[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


CHECKS = (
    rows_check(
        "every session makes at most one order, and a committed one exactly one",
        DATABASE,
        count="select count(*) from sessions",
        wrong="""
            select coalesce(s.business_id, o.business_id) as business_id, coalesce(s.channel_code, o.channel_code) as channel_code,
                coalesce(s.session_key, o.session_key) as session_key, s.state, s.order_ref, count(o.ref) as orders,
                min(o.ref) as first_order
            from sessions s
            full join orders o on o.business_id = s.business_id and o.channel_code = s.channel_code
                and o.session_key = s.session_key
            where s.state = 'committed' or o.ref is not null
            group by 1, 2, 3, 4, 5
            having count(o.ref) <> 1 or s.state is distinct from 'committed' or min(o.ref) <> s.order_ref
            order by 1, 2, 3
        """,
        explanation="A commit happened twice, or was lost: this must never be seen. Keep the database as it is for the search.",
    ),
    rows_check(
        "every order costs what its lines and charges add up to",
        DATABASE,
        count="select count(*) from orders",
        wrong="""
            select o.business_id, o.ref, o.subtotal_q, coalesce(i.lines_q, 0) as lines_q, o.total_q,
                greatest(0, coalesce(i.lines_q, 0) - o.discount_q + o.tax_q + o.shipping_q) as expected_q,
                o.items_count, coalesce(i.lines, 0) as lines
            from orders o
            left join (
                select business_id, order_ref, count(*) as lines, sum(line_total_q) as lines_q
                from order_items group by 1, 2
            ) i on i.business_id = o.business_id and i.order_ref = o.ref
            where o.subtotal_q <> coalesce(i.lines_q, 0) or o.items_count <> coalesce(i.lines, 0)
                or o.total_q <> greatest(0, o.subtotal_q - o.discount_q + o.tax_q + o.shipping_q)
            order by 1, 2
        """,
        explanation="An order was changed behind the back of the service: its amounts no longer agree with its lines.",
    ),
    rows_check(
        "every line of an order costs its quantity times its price",
        DATABASE,
        count="select count(*) from order_items",
        wrong="""
            select business_id, order_ref, line_id, qty, unit_price_q, line_total_q, round(qty * unit_price_q) as expected_q
            from order_items where line_total_q <> round(qty * unit_price_q)
            order by 1, 2, 3
        """,
        explanation="Amounts are rounded half up to a minor unit, line by line; this line was changed afterwards.",
    ),
    rows_check(
        "every order's lines are those of its sealed snapshot",
        DATABASE,
        count="select count(*) from orders",
        wrong="""
            select o.business_id, o.ref, s.line_id as in_snapshot, i.line_id as in_order, s.sku as sku_in_snapshot, i.sku,
                s.qty as qty_in_snapshot, i.qty
            from (
                select o.business_id, o.ref, s.* from orders o cross join lateral jsonb_to_recordset(o.snapshot -> 'items')
                    as s (line_id text, sku text, qty numeric, unit_price_q bigint, line_total_q bigint)
            ) s
            full join order_items i on i.business_id = s.business_id and i.order_ref = s.ref and i.line_id = s.line_id
            join orders o on o.business_id = coalesce(s.business_id, i.business_id) and o.ref = coalesce(s.ref, i.order_ref)
            where (s.sku, s.qty, s.unit_price_q, s.line_total_q)
                is distinct from (i.sku, i.qty, i.unit_price_q, i.line_total_q)
            order by 1, 2, 3, 4
        """,
        explanation="The snapshot is what was sold. A line was added, removed or changed after the order was sealed.",
    ),
    rows_check(
        "the history of every order is complete",
        DATABASE,
        count="select count(*) from order_events",
        wrong="""
            select o.business_id, o.ref, o.last_seq, coalesce(e.events, 0) as events, e.first_seq, e.newest_seq
            from orders o
            left join (
                select business_id, order_ref, count(*) as events, min(seq) as first_seq, max(seq) as newest_seq
                from order_events group by 1, 2
            ) e on e.business_id = o.business_id and e.order_ref = o.ref
            where (e.events, e.first_seq, e.newest_seq) is distinct from (o.last_seq, 1::bigint, o.last_seq)
            order by 1, 2
        """,
        explanation="Events are numbered from 1 without gaps; one is missing, or there is one too many.",
    ),
    rows_check(
        "every order stands where its last change has put it",
        DATABASE,
        count="select count(*) from orders",
        wrong="""
            select o.business_id, o.ref, o.status, e.payload ->> 'new_status' as last_change
            from orders o
            join lateral (
                select payload from order_events e
                where e.business_id = o.business_id and e.order_ref = o.ref and e.type = 'status_changed'
                order by e.seq desc limit 1
            ) e on true
            where e.payload ->> 'new_status' <> o.status
            order by 1, 2
        """,
        explanation="A status was changed without an event: nobody was told of it.",
    ),
    rows_check(
        "every order has asked for the stock that its channel promises",
        DATABASE,
        count="select count(*) from orders",
        wrong="""
            select o.business_id, o.ref, o.channel_code, o.status
            from orders o
            join channel_configs c on c.business_id = o.business_id and c.channel_code = o.channel_code
                and c.version = o.config_version
            where c.config -> 'post_commit_directives' ? 'stock.commit'
                and not exists (
                    select from directives d
                    where d.business_id = o.business_id and d.order_ref = o.ref and d.topic = 'stock.commit'
                )
            order by 1, 2
        """,
        explanation="The directive stock.commit is written with the order; this order would keep its hold until that runs out.",
    ),
    rows_check(
        "no directive has failed but for reasons of business",
        DATABASE,
        count=f"select count(*) from directives where topic in ({_texts(TOPICS)})",
        wrong=f"""
            select business_id, id, topic, order_ref, session_key, error_code, last_error from directives
            where status = 'failed' and topic in ({_texts(TOPICS)})
                and topic || ' ' || error_code not in ({_texts(EXPECTED)})
            order by created_at
        """,
        explanation="Work was given up: units have not left the shelf, say. Mend the cause, then `comanda directives retry ID`.",
    ),
    rows_check(
        "no directive is overdue",
        DATABASE,
        count="select count(*) from directives where status = 'queued'",
        wrong="""
            select business_id, id, topic, order_ref, session_key, attempts, due_at from directives
            where status = 'queued' and due_at < now() - interval '15 seconds'
            order by due_at
        """,
        explanation="It was due, or its lease ran out, and the sweeper has not sent it again: see `comanda logs orders`.",
        settles=True,
    ),
    rows_check(
        "fulfilments have what their lines say, and never more than was ordered",
        DATABASE,
        count="select count(*) from fulfillment_items",
        wrong="""
            select coalesce(l.business_id, f.business_id) as business_id, coalesce(l.order_ref, f.order_ref) as order_ref,
                coalesce(l.line_id, f.line_id) as line_id, l.qty as ordered, l.qty_allotted, coalesce(f.qty, 0) as in_fulfillments
            from order_items l
            full join (
                select f.business_id, f.order_ref, i.line_id, sum(i.qty) as qty
                from fulfillments f join fulfillment_items i on i.business_id = f.business_id and i.number = f.number
                where f.status <> 'cancelled' group by 1, 2, 3
            ) f on f.business_id = l.business_id and f.order_ref = l.order_ref and f.line_id = l.line_id
            where l.qty_allotted is distinct from coalesce(f.qty, 0) or coalesce(f.qty, 0) > l.qty
            order by 1, 2, 3
        """,
        explanation="Two fulfilments took the same units, or one was changed behind the back of the service.",
    ),
    rows_check(
        "returns have what their lines say, and never more than was ordered",
        DATABASE,
        count="select count(*) from return_items",
        wrong="""
            select coalesce(l.business_id, r.business_id) as business_id, coalesce(l.order_ref, r.order_ref) as order_ref,
                coalesce(l.line_id, r.line_id) as line_id, l.qty as ordered, l.qty_returned, coalesce(r.qty, 0) as in_returns
            from order_items l
            full join (
                select r.business_id, r.order_ref, i.line_id, sum(i.qty) as qty
                from returns r join return_items i on i.business_id = r.business_id and i.number = r.number
                where r.status <> 'cancelled' group by 1, 2, 3
            ) r on r.business_id = l.business_id and r.order_ref = l.order_ref and r.line_id = l.line_id
            where l.qty_returned is distinct from coalesce(r.qty, 0) or coalesce(r.qty, 0) > l.qty
            order by 1, 2, 3
        """,
        explanation="Two returns took the same units, or one was changed behind the back of the service.",
    ),
    rows_check(
        "every directive stands where its deliveries have put it",
        DATABASE,
        count="select count(*) from deliveries",
        wrong="""
            select t.business_id, t.id, t.topic, t.status, d.delivered, d.failed
            from directives t
            join (
                select business_id, directive_id, count(*) filter (where status = 'delivered') as delivered,
                    count(*) filter (where status = 'failed') as failed,
                    count(*) filter (where status in ('queued', 'sending')) as open
                from deliveries group by 1, 2
            ) d on d.business_id = t.business_id and d.directive_id = t.id
            where t.status = 'queued' and d.open = 0 and d.delivered + d.failed > 0
                or t.status = 'failed' and d.open = 0 and d.failed = 0
            order by 1, 2
        """,
        explanation="A delivery and its directive are settled together; one of the two was not written.",
        settles=True,
    ),
    rows_check(
        "no delivery is under way for longer than its lease",
        DATABASE,
        count="select count(*) from deliveries where status = 'sending'",
        wrong="""
            select business_id, id, directive_id, topic, kind, attempts, due_at from deliveries
            where status = 'sending' and due_at < now() - interval '15 seconds'
            order by due_at
        """,
        explanation="Its courier died, and no other has taken it up: see `comanda logs orders`.",
        settles=True,
    ),
)
