"""What the database refuses, whoever asks: quantities that are no numbers, counters that vanish, a ledger that is rewritten"""

from alembic import op

from kit import migrations

revision = "0003"
down_revision = "0002"

# PostgreSQL takes NaN for greater than every number, so it slips through "not negative". The constraints are made for new rows
# first, and then for all, so that nobody has to wait while a large table is read.
CREATE = """
    alter table stock add constraint stock_numbers check (on_hand < 'NaN' and reserved < 'NaN') not valid;
    alter table reservations add constraint reservations_numbers check (qty < 'NaN' and qty_fulfilled < 'NaN') not valid;
    alter table movements add constraint movements_number check (qty_delta < 'NaN') not valid;

    create function refuse_loss() returns trigger language plpgsql as $$
    begin
        raise exception 'stock of a shelf is kept as long as its ledger';
    end $$;
    create trigger stock_kept before delete on stock
        for each row when (old.on_hand <> 0 or old.reserved <> 0) execute function refuse_loss();
    create trigger stock_not_truncated before truncate on stock
        for each statement execute function refuse_loss();

    revoke update, delete, truncate on movements from current_user;
"""
VALIDATE = """
    alter table stock validate constraint stock_numbers;
    alter table reservations validate constraint reservations_numbers;
    alter table movements validate constraint movements_number;
"""
DROP = """
    grant update, delete, truncate on movements to current_user;
    drop trigger stock_kept on stock;
    drop trigger stock_not_truncated on stock;
    drop function refuse_loss();
    alter table stock drop constraint stock_numbers;
    alter table reservations drop constraint reservations_numbers;
    alter table movements drop constraint movements_number;
"""


def upgrade() -> None:
    """Adds the refusals."""
    migrations.script(CREATE)
    with op.get_context().autocommit_block():
        migrations.script(VALIDATE)


def downgrade() -> None:
    """Takes them back."""
    migrations.script(DROP)
