"""Who has an order in hand; sealed lines; and no privilege to change history"""

from kit import migrations

revision = "0003"
down_revision = "0002"

CREATE = """
    alter table orders add column assigned_to text not null default '';

    create function refuse_line_change() returns trigger language plpgsql as $$
    begin
        raise exception 'an order is sealed: its lines never change';
    end $$;
    create trigger order_items_sealed
        before update of sku, name, qty, unit_price_q, line_total_q, meta, position, line_id on order_items
        for each row execute function refuse_line_change();

    -- The trigger refuses whoever has the privilege; the service has not even that, although the table is its own.
    revoke update, delete, truncate on order_events from current_user;
"""
DROP = """
    grant update, delete, truncate on order_events to current_user;
    drop trigger order_items_sealed on order_items;
    drop function refuse_line_change();
    alter table orders drop column assigned_to;
"""


def upgrade() -> None:
    """Adds the column, the trigger, and takes the privileges."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Takes back what `upgrade` did."""
    migrations.script(DROP)
