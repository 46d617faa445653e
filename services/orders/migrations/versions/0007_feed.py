"""Events have a place in a feed that can be followed without a gap"""

from kit import migrations

revision = "0007"
down_revision = "0006"

CREATE = """
    -- A function of its own, so that places still grow after a restore into a server whose transactions count from the beginning.
    create function feed_position(xid8) returns bigint language sql immutable parallel safe as $$ select $1::text::bigint + 0 $$;
    -- First a constant, which rewrites no row: what is there already comes before everything else.
    alter table order_events add column position bigint not null default 0;
    alter table order_events alter column position set default feed_position(pg_current_xact_id());
    create index order_events_feed on order_events (business_id, position, order_ref, seq);
"""
DROP = """
    drop index order_events_feed;
    alter table order_events drop column position;
    drop function feed_position(xid8);
"""


def upgrade() -> None:
    """Adds the place."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops it."""
    migrations.script(DROP)
