"""Every kind of fault that `verify` must find: where it is planted, how, and words of the check that finds it."""

LOT = """insert into lots select business_id, gen_random_uuid(), sku, location, 'L', null, null, '', now(), 1, 1 from stock
    where sku = 'ver-P1'"""
# What is planted where, and the words of the check that must find it. Constraints and triggers that forbid the fault go first.
FAULTS = {
    "an order without its session": (
        "orders",
        "update sessions set state = 'open', order_ref = '' where session_key = 'OLIST-ver-1'",
        "every session makes at most one order",
    ),
    "two orders of one session": (
        "orders",
        """alter table orders drop constraint orders_session; alter table orders disable trigger user;
        update orders set session_key = 'OLIST-ver-1' where external_ref = 'ver-2'""",
        "every session makes at most one order",
    ),
    "a committed session without its order": (
        "orders",
        "delete from orders where external_ref = 'ver-1'",
        "a committed one exactly one",
    ),
    "a total that is not the sum": (
        "orders",
        """alter table orders drop constraint orders_total; alter table orders disable trigger user;
        update orders set total_q = total_q + 1 where external_ref = 'ver-1'""",
        "every order costs what its lines",
    ),
    "a line that was lost": (
        "orders",
        "delete from order_items where sku = 'ver-P1'",
        "every order's lines are those of its sealed snapshot",
    ),
    "a line whose price was changed": (
        "orders",
        """alter table order_items disable trigger user;
            update order_items set unit_price_q = unit_price_q + 1 where sku = 'ver-P1'""",
        "every line of an order costs its quantity times its price",
    ),
    "a line whose name of the product was changed": (
        "orders",
        """alter table order_items disable trigger user;
            update order_items set sku = 'ver-P9' where sku = 'ver-P1'""",
        "sealed snapshot",
    ),
    "a line of which fulfilments have too much": (
        "orders",
        """alter table order_items disable trigger user;
            update order_items set qty_allotted = qty + 1 where sku = 'ver-P1'""",
        "fulfilments have what their lines say",
    ),
    "a line of which more came back than was ordered": (
        "orders",
        """alter table order_items disable trigger user;
            update order_items set qty_returned = qty + 1 where sku = 'ver-P1'""",
        "returns have what their lines say",
    ),
    "a directive that does not know that its delivery arrived": (
        "orders",
        """insert into directives (business_id, id, topic, status, payload, order_ref, channel_code, session_key, attempts,
                available_at, due_at, created_at, updated_at)
            select business_id, '01890000-0000-7000-8000-000000000001', 'x.y', 'queued', '{}', '', '', '', 1, now(),
                now() + interval '1 day', now(), now() from orders limit 1;
            insert into deliveries (business_id, id, directive_id, topic, kind, lane, status, due_at, created_at, updated_at)
            select business_id, id, id, topic, 'console', 'console', 'delivered', now(), now(), now() from directives
            where topic = 'x.y'""",
        "every directive stands where its deliveries have put it",
    ),
    "a delivery that nobody takes up": (
        "orders",
        """insert into deliveries (business_id, id, directive_id, topic, kind, lane, status, due_at, created_at, updated_at)
            select business_id, id, id, 'x.y', 'console', 'console', 'sending', now() - interval '1 hour', now(), now()
            from orders limit 1""",
        "no delivery is under way for longer than its lease",
    ),
    "an event that was lost": (
        "orders",
        """alter table order_events disable trigger user; delete from order_events where seq = 2""",
        "the history of every order is complete",
    ),
    "a status that nobody was told of": (
        "orders",
        "update orders set status = 'completed' where external_ref = 'ver-1'",
        "every order stands where its last change has put it",
    ),
    "an order that never asked for its stock": (
        "orders",
        "delete from directives where topic = 'stock.commit'",
        "every order has asked for the stock",
    ),
    "a directive that failed": (
        "orders",
        "update directives set status = 'failed', error_code = 'internal' where topic = 'stock.commit'",
        "no directive has failed but for reasons of business",
    ),
    "a hold that failed because something is broken": (
        "orders",
        "update directives set status = 'failed', error_code = 'internal' where topic = 'stock.hold'",
        "no directive has failed but for reasons of business",
    ),
    "a known reason where it is none": (
        "orders",
        "update directives set status = 'failed', error_code = 'stale_rev' where topic = 'stock.commit'",
        "no directive has failed but for reasons of business",
    ),
    "a directive that is overdue": (
        "orders",
        "update directives set status = 'queued', due_at = now() - interval '1 hour' where topic = 'stock.commit'",
        "no directive is overdue",
    ),
    "a directive that runs beyond its lease": (
        "orders",
        """update directives set status = 'queued', leased_until = now() - interval '1 hour', due_at = now() - interval '1 hour'
        where topic = 'stock.hold'""",
        "no directive is overdue",
    ),
    "a counter that is too high": (
        "inventory",
        "update stock set on_hand = on_hand + 1 where sku = 'ver-P1'",
        "stock on hand is the sum of its movements",
    ),
    "a movement without a shelf": (
        "inventory",
        "set session_replication_role = replica; delete from stock where sku = 'ver-P3'",
        "stock on hand is the sum of its movements",
    ),
    "units that are reserved by nobody": (
        "inventory",
        "update stock set reserved = 1 where sku = 'ver-P3'",
        "reserved stock is the sum of its active reservations",
    ),
    "more reserved than there is": (
        "inventory",
        "alter table stock drop constraint stock_promised; update stock set reserved = on_hand + 1 where sku = 'ver-P3'",
        "no more is reserved than there is or may be promised",
    ),
    "less than nothing": (
        "inventory",
        "alter table stock drop constraint stock_promised; update stock set on_hand = -1 where sku = 'ver-P1'",
        "nothing is negative",
    ),
    "a past in which there was less than nothing": (
        "inventory",
        """insert into movements (business_id, type, sku, location, qty_delta, reference, reason, lot, supplier, actor, created_at)
        select business_id, 'adjustment', sku, location, delta, '', 'planted', '', '', 'nobody', at from stock,
            (values (-1, timestamptz '2020-01-01'), (1, now())) as planted (delta, at) where sku = 'ver-P1'""",
        "no shelf has held less than nothing at any time",
    ),
    "a transfer that received what was never sent": (
        "inventory",
        """insert into locations select business_id, 'moon', name, type, priority, is_active, created_at, updated_at
            from locations where code = 'olist';
        with sent as (
            insert into transfers select business_id, gen_random_uuid(), 'olist', 'moon', '', 'received', now(), now()
            from locations where code = 'moon' returning business_id, id
        )
        insert into transfer_lines select business_id, id, 0, 'ver-P1', 1, 1 from sent""",
        "every unit of a transfer",
    ),
    "a lot of which more is left than came in and left": (
        "inventory",
        f"{LOT}; update stock set has_lots = true",
        "what is left of every lot is the sum of its movements",
    ),
    "a lot that its shelf does not know": (
        "inventory",
        LOT,
        "no more lies in lots than on their shelf",
    ),
    "a lot with more units than its shelf": (
        "inventory",
        f"{LOT}; update stock set has_lots = true; update lots set qty_left = 1000",
        "no more lies in lots than on their shelf",
    ),
    "a reservation that took no units": (
        "inventory",
        "alter table movements disable trigger user; delete from movements where type = 'commit' and sku = 'ver-P1'",
        "what reservations gave to an order has left the shelf",
    ),
    "an order whose units never left": (
        "inventory",
        """alter table movements disable trigger user; delete from movements where type = 'commit' and sku = 'ver-P1';
        delete from reservations where sku = 'ver-P1'; delete from order_stock""",
        "every order has taken exactly its units",
    ),
    "an order that took its units twice": (
        "inventory",
        """insert into movements select business_id, gen_random_uuid(), type, sku, location, qty_delta, reference, reason,
        unit_cost_q, lot, expiry_date, supplier, actor, created_at from movements where type = 'commit' and sku = 'ver-P1'""",
        "every order has taken exactly its units",
    ),
    "a cancelled order that keeps its units": (
        "inventory",
        # Its units may never have left: whichever of commit and release comes first. So that of another is written as its own.
        """insert into movements
        select (jsonb_populate_record(m, jsonb_build_object('id', gen_random_uuid(), 'reference', o.order_ref))).*
        from movements m join order_stock o on o.business_id = m.business_id and o.released_at is not null
        where m.type = 'commit' and m.sku = 'ver-P1'""",
        "and a cancelled one none",
    ),
    "stock that left for an order that does not exist": (
        "orders",
        """delete from directives where order_ref = (select ref from orders where external_ref = 'ver-1');
        delete from order_items where order_ref = (select ref from orders where external_ref = 'ver-1');
        delete from orders where external_ref = 'ver-1'""",
        "every order has taken exactly its units",
    ),
    "a committed session that still holds": (
        "inventory",
        """insert into reservations (business_id, id, owner_type, owner_scope, owner_ref, sku, location, qty, qty_fulfilled,
            status, order_ref, created_at, expires_at)
        select business_id, gen_random_uuid(), 'session', 'olist', 'OLIST-ver-1', sku, location, 1, 0, 'active', '', now(),
            now() + interval '1 hour' from stock where sku = 'ver-P3';
        update stock set reserved = reserved + 1 where sku = 'ver-P3'""",
        "no session that is over still holds stock",
    ),
    "a balance that is not the sum": (
        "sales",
        "update customers set balance_q = balance_q + 1 where name = 'Ver'",
        "sum of his account's entries",
    ),
    "an entry that was lost": (
        "sales",
        """alter table credit_entries disable trigger append_only;
        delete from credit_entries where type = 'credit_sale'""",
        "entries follow each other",
    ),
    "credit that is held for nothing": (
        "sales",
        "update customers set held_q = held_q + 1 where name = 'Ver'",
        "credit is held for sales that are being completed",
    ),
    "credit that an order holds beside the account": (
        "sales",
        """insert into order_credits select business_id, 'ORD-ver', id, 'held', 100, now(), null from customers
            where name = 'Ver'""",
        "credit is held for sales that are being completed and for orders on account",
    ),
    "an order's debt that no entry tells of": (
        "sales",
        """insert into order_credits select business_id, 'ORD-ver', id, 'posted', 100, now(), now() from customers
            where name = 'Ver'""",
        "what orders on account have is what their customers' accounts say",
    ),
    "a completion that nobody ends": (
        "sales",
        "update completions set state = 'running', created_at = now() - interval '1 hour' where key = 'ver-complete-1'",
        "no completion is under way for long",
    ),
    "an item that was changed": (
        "sales",
        "update sale_items set base_q = base_q + 1, total_q = total_q + 1 where sku = 'ver-S'",
        "a sale costs what its items add up to",
    ),
    "a payment that was lost": (
        "sales",
        "delete from payments where amount_q = 2500",
        "the sum of its payments",
    ),
    "money of a payment that nobody asked for": (
        "sales",
        "update payment_operations set amount_q = amount_q - 1 where kind = 'refund'",
        "what was taken and given back of a payment",
    ),
    "a payment that claims to be given back whole": (
        "sales",
        "update payment_intents set status = 'refunded'",
        "what was taken and given back of a payment",
    ),
    "a question to the payment provider that was forgotten": (
        "sales",
        "update payment_operations set state = 'sent', due_at = now() - interval '1 hour' where kind = 'authorize'",
        "somebody sees to everything that is asked of the payment provider",
    ),
    "a sale that knows nothing of the intent by which it was paid": (
        "sales",
        "update payments set payment_intent_id = null",
        "what comes through an intent to a sale",
    ),
    "money of a card that went back otherwise": (
        "sales",
        "update repayments set operation_id = null",
        "a refund gives back of each payment what is written",
    ),
    "a refund of which nobody knows what it gave back of which payment": (
        "sales",
        "delete from repayments",
        "a refund gives back of each payment what is written",
    ),
    "an order that tells of money that never moved": (
        "orders",
        """alter table order_events disable trigger user;
        update order_events set type = 'payment.captured',
            payload = '{"intent_id": "01890000-0000-7000-8000-000000000001", "amount_q": 1}' where seq = 1""",
        "no order tells of money that never moved",
    ),
    "a refund that was not counted": (
        "sales",
        "update refunds set amount_q = amount_q - 1",
        "the sum of its refunds",
    ),
    "a receipt that is missing": (
        "sales",
        "update receipt_counters set last = last + 1 where storefront = 'ver'",
        "receipt numbers have no gaps",
    ),
    "an entry of the audit log that was changed": (
        "sales",
        """alter table audit_log disable trigger append_only;
        update audit_log set role = 'staff' where event_type = 'refund.approved'""",
        "no entry of the audit log was changed",
    ),
    "an entry of the audit log that was put in": (
        "sales",
        """insert into audit_log select business_id, gen_random_uuid(), event_type, sale_id, sale_item_id, customer_id, payment_id,
            refund_id, actor, role, ip_address, user_agent, request_id, before, after, description, created_at
        from audit_log where event_type = 'refund.approved'""",
        "every entry of the audit log is in its chain",
    ),
    "a sale whose units never left": (
        "sales",
        "update sale_items set quantity = quantity + 1 where sku = 'ver-S'",
        "every sale has taken exactly its units",
    ),
    "an effect on the ERP of which nobody knows": (
        "erp-bridge",
        """insert into effects (business_id, kind, code, subject, intent, state, attempts, created_at, updated_at)
        values (gen_random_uuid(), 'attachment.include', 'x', 'x', '{}', 'in_doubt', 1, now(), now() - interval '1 hour')""",
        "erp-bridge: no effect on the ERP stays in doubt",
    ),
    "an order that claims to be in the ERP": (
        "erp-bridge",
        """insert into erp_orders (business_id, ref, id, channel_code, content, order_status, seq, state, next_at, external_id,
            created_at, updated_at)
        values (gen_random_uuid(), 'x', gen_random_uuid(), 'web', '{}', 'new', 1, 'confirmed', now(), 1, now(), now())""",
        "every order that the ledger has booked knows its number",
    ),
    "a message that was not published": (
        "sales",
        """insert into outbox (business_id, id, subject, aggregate, message, created_at)
        values (gen_random_uuid(), gen_random_uuid(), 'x', 'x', '', now() - interval '1 hour')""",
        "sales: nothing is stuck in the outbox",
    ),
    "a message that was given up": (
        "erp-bridge",
        """insert into dead_letters (business_id, consumer, message_id, subject, message, attempts, last_error)
        values (gen_random_uuid(), 'OrderCreated', 'message-1', 'x', '', 5, 'KeyError: total')""",
        "erp-bridge: no message was given up",
    ),
}
