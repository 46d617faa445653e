"""Orders are listed by status, channel, total, and handle, and found by words"""

from kit import migrations

revision = "0002"
down_revision = "0001"

CREATE = """
    create index orders_status on orders (business_id, status, id);
    create index orders_channel on orders (business_id, channel_code, id);
    create index orders_total_q on orders (business_id, total_q, id);
    create index orders_handle on orders (business_id, handle_type, handle_ref, id) where handle_ref <> '';
    create index sessions_open on sessions (business_id, id) where state = 'open';

    create extension if not exists pg_trgm;
    -- Apart from the orders, whose rows are written again with every move: their words stay as they are.
    create table order_search (
        business_id uuid not null,
        id uuid not null,
        text text not null,
        constraint order_search_pkey primary key (business_id, id)
    );
"""
FILL = r"""
    insert into order_search (business_id, id, text)
    select o.business_id, o.id, lower(regexp_replace(normalize(concat_ws(E'\n', o.ref, nullif(o.external_ref, ''),
        o.data #>> '{customer,name}', o.data #>> '{customer,email}', o.data #>> '{customer,phone}',
        (select string_agg(distinct i.sku, E'\n') from order_items i
         where i.business_id = o.business_id and i.order_ref = o.ref)), nfkd), '[\u0300-\u036f]', '', 'g'))
    from orders o
"""
# What waits to be sorted into the index is read by every search, and one commit in many sorts it in: little at a time.
INDEX = """
    create index order_search_text on order_search using gin (text gin_trgm_ops) with (gin_pending_list_limit = 512)
"""
DROP = """
    drop table order_search;
    drop index sessions_open, orders_handle, orders_total_q, orders_channel, orders_status;
    drop extension pg_trgm;
"""


def upgrade() -> None:
    """Adds the indexes and the table of words, and fills it."""
    migrations.script(CREATE, FILL, INDEX)


def downgrade() -> None:
    """Drops them."""
    migrations.script(DROP)
