"""What must be true in the database of stock."""

from comanda_cli.verify.check import rows_check

DATABASE = "inventory"

CHECKS = (
    rows_check(
        "stock on hand is the sum of its movements",
        DATABASE,
        count="select count(*) from stock",
        wrong="""
            select coalesce(s.business_id, m.business_id) as business_id, coalesce(s.sku, m.sku) as sku,
                coalesce(s.location, m.location) as location, s.on_hand, coalesce(m.moved, 0) as movements
            from stock s
            full join (
                select business_id, sku, location, sum(qty_delta) as moved from movements group by 1, 2, 3
            ) m on m.business_id = s.business_id and m.sku = s.sku and m.location = s.location
            where s.on_hand is distinct from coalesce(m.moved, 0)
            order by 1, 2, 3
        """,
        explanation="Counters and ledger are written together; one of them was changed alone. Count the shelf and adjust it.",
    ),
    rows_check(
        "reserved stock is the sum of its active reservations",
        DATABASE,
        count="select count(*) from stock",
        wrong="""
            select coalesce(s.business_id, r.business_id) as business_id, coalesce(s.sku, r.sku) as sku,
                coalesce(s.location, r.location) as location, s.reserved, coalesce(r.held, 0) as reservations
            from stock s
            full join (
                select business_id, sku, location, sum(qty - qty_fulfilled) as held
                from reservations where status = 'active' group by 1, 2, 3
            ) r on r.business_id = s.business_id and r.sku = s.sku and r.location = s.location
            where s.reserved is distinct from coalesce(r.held, 0)
            order by 1, 2, 3
        """,
        explanation="A reservation was counted twice or not at all: units are blocked, or sold although they are promised.",
    ),
    rows_check(
        "no more is reserved than there is, and nothing is negative",
        DATABASE,
        count="select count(*) from stock",
        wrong="""
            select business_id, sku, location, on_hand, reserved from stock
            where on_hand < 0 or reserved < 0 or reserved > on_hand
            order by 1, 2, 3
        """,
        explanation="A unit was sold twice: this must never be seen. Keep the database as it is for the search.",
    ),
    rows_check(
        "what reservations gave to an order has left the shelf",
        DATABASE,
        count="select count(*) from reservations where order_ref <> ''",
        wrong="""
            select coalesce(r.business_id, m.business_id) as business_id, coalesce(r.order_ref, m.reference) as order_ref,
                coalesce(r.sku, m.sku) as sku, coalesce(r.fulfilled, 0) as reservations, coalesce(m.taken, 0) as movements
            from (
                select business_id, order_ref, sku, sum(qty_fulfilled) as fulfilled from reservations
                where order_ref <> '' and status = 'committed' group by 1, 2, 3
            ) r
            full join (
                select m.business_id, m.reference, m.sku, -sum(m.qty_delta) as taken
                from movements m join order_stock o on o.business_id = m.business_id and o.order_ref = m.reference
                where m.type in ('commit', 'return') group by 1, 2, 3 having sum(m.qty_delta) <> 0
            ) m on m.business_id = r.business_id and m.reference = r.order_ref and m.sku = r.sku
            where coalesce(r.fulfilled, 0) <> coalesce(m.taken, 0)
            order by 1, 2, 3
        """,
        explanation="A committed reservation and its movement are written together; one of them is missing.",
    ),
)
