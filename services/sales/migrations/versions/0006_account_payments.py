"""Payments against an account, which may belong to no sale"""

from kit import migrations

revision = "0006"
down_revision = "0005"

UP = """
    alter table payments
        alter column sale_id drop not null,
        add column customer_id uuid,
        -- What one payment against an account was divided into has one of these in common.
        add column account_payment_id uuid,
        add constraint payments_subject check (sale_id is not null or customer_id is not null);
"""
DOWN = """
    alter table payments drop constraint payments_subject, drop column customer_id, drop column account_payment_id;
    delete from payments where sale_id is null;
    alter table payments alter column sale_id set not null;
"""


def upgrade() -> None:
    """Adds the columns; the check scans a table that came into being with the revision before, in the same release."""
    migrations.script(UP)


def downgrade() -> None:
    """Drops them, and payments of no sale with them."""
    migrations.script(DOWN)
