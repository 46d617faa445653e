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
        "no more is reserved than there is or may be promised, and nothing is negative",
        DATABASE,
        count="select count(*) from stock",
        wrong="""
            select business_id, sku, location, on_hand, reserved, backorder_limit from stock
            where on_hand < 0 or reserved < 0 or reserved > on_hand + backorder_limit
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
                where order_ref <> '' and (status = 'committed' or qty_fulfilled < qty) group by 1, 2, 3
            ) r
            full join (
                select m.business_id, m.reference, m.sku, -sum(m.qty_delta) as taken
                from movements m
                join (
                    select business_id, order_ref from order_stock
                    union select business_id, order_ref from reservations where order_ref <> ''
                ) o on o.business_id = m.business_id and o.order_ref = m.reference
                where m.type in ('commit', 'return') group by 1, 2, 3 having sum(m.qty_delta) <> 0
            ) m on m.business_id = r.business_id and m.reference = r.order_ref and m.sku = r.sku
            where coalesce(r.fulfilled, 0) <> coalesce(m.taken, 0)
                -- Of a sale at the counter, a part may have come back.
                and not (r.order_ref like 'sale/%' and coalesce(m.taken, 0) between 0 and r.fulfilled)
            order by 1, 2, 3
        """,
        explanation="A committed reservation and its movement are written together; one of them is missing.",
    ),
    rows_check(
        "no shelf has held less than nothing at any time",
        DATABASE,
        count="select count(*) from movements",
        wrong="""
            select business_id, sku, location, min(created_at) as first_seen_at, min(on_hand) as lowest
            from (
                select business_id, sku, location, created_at,
                    sum(sum(qty_delta)) over (partition by business_id, sku, location order by created_at) as on_hand
                from movements group by 1, 2, 3, 4
            ) past
            where on_hand < 0
            group by 1, 2, 3
            order by 1, 2, 3
        """,
        explanation="Summed up to an instant, the ledger must tell what lay there then; a movement was written with a wrong time.",
    ),
    rows_check(
        "every unit of a transfer is where it was received, still under way, or back",
        DATABASE,
        count="select count(*) from transfers",
        wrong="""
            select business_id, id, sku, sent, sent_movements, received, received_movements, back, back_movements
            from (
                select t.business_id, t.id, l.sku, sum(l.qty) as sent, sum(l.qty_received) as received,
                    sum(case t.status when 'cancelled' then l.qty - l.qty_received else 0 end) as back
                from transfers t
                join transfer_lines l on l.business_id = t.business_id and l.transfer_id = t.id
                group by 1, 2, 3
            ) t
            full join (
                select t.business_id, t.id, m.sku,
                    -sum(case when m.location = t.from_location and m.type = 'transfer_out' then m.qty_delta else 0 end)
                        as sent_movements,
                    sum(case when m.location = t.to_location then m.qty_delta else 0 end) as received_movements,
                    sum(case when m.location = t.from_location and m.type = 'transfer_in' then m.qty_delta else 0 end)
                        as back_movements
                from transfers t
                join movements m on m.business_id = t.business_id and m.reference = t.id::text
                where m.type in ('transfer_out', 'transfer_in')
                group by 1, 2, 3
            ) m using (business_id, id, sku)
            where (sent, received, back) is distinct from (sent_movements, received_movements, back_movements)
            order by 1, 2, 3
        """,
        explanation="A transfer and its movements are written together; units vanished on the way, or arrived twice.",
    ),
    rows_check(
        "what is left of every lot is the sum of its movements",
        DATABASE,
        count="select count(*) from lots",
        wrong="""
            select business_id, id, l.sku, l.location, l.lot, l.qty_left, m.moved
            from lots l
            full join (
                select business_id, lot_id as id, sum(qty_delta) as moved from movements
                where lot_id is not null group by 1, 2
            ) m using (business_id, id)
            where l.qty_left is distinct from m.moved
            order by 1, 2
        """,
        explanation="A lot and the ledger disagree: costs and dates of what is sold from it are not to be trusted.",
    ),
    rows_check(
        "no more lies in lots than on their shelf, which knows of them",
        DATABASE,
        count="select count(*) from lots",
        wrong="""
            select s.business_id, s.sku, s.location, s.on_hand, s.has_lots, sum(l.qty_left) as in_lots
            from stock s join lots l on l.business_id = s.business_id and l.sku = s.sku and l.location = s.location
            group by 1, 2, 3, 4, 5
            having sum(l.qty_left) > s.on_hand or not s.has_lots
            order by 1, 2, 3
        """,
        explanation="Units left the shelf without leaving their lot; write the difference off the lot that is not there.",
    ),
)
