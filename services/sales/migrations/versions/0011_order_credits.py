"""Credit that is kept for orders"""

from kit import migrations

revision = "0011"
down_revision = "0010"

UP = """
    create table order_credits (
        business_id uuid not null,
        order_ref text not null,
        -- Nobody's where an order was given up before any credit was kept for it.
        customer_id uuid,
        state text not null,
        amount_q bigint not null,
        created_at timestamptz not null,
        posted_at timestamptz,
        constraint order_credits_pkey primary key (business_id, order_ref),
        constraint order_credits_customer foreign key (business_id, customer_id) references customers (business_id, id),
        constraint order_credits_amount check (amount_q >= 0)
    );
    create index order_credits_of_customer on order_credits (business_id, customer_id, posted_at) where state <> 'released';
"""


def upgrade() -> None:
    """Makes the table."""
    migrations.script(UP)


def downgrade() -> None:
    """Drops it."""
    migrations.script("drop table order_credits")
