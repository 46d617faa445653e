"""Which intents pay sales, and what refunds give back of each payment"""

from kit import migrations

revision = "0014"
down_revision = "0013"

UP = """
    alter table payment_intents add column sale_id uuid;
    alter table payments add column payment_intent_id uuid;
    create table repayments (
        business_id uuid not null,
        payment_id uuid not null,
        refund_id uuid not null,
        amount_q bigint not null,
        -- What the payment's provider is asked, the last of several times; of cash and the like there is nobody to ask.
        operation_id uuid,
        constraint repayments_pkey primary key (business_id, payment_id, refund_id),
        constraint repayments_payment foreign key (business_id, payment_id) references payments (business_id, id),
        constraint repayments_refund foreign key (business_id, refund_id) references refunds (business_id, id),
        constraint repayments_operation foreign key (business_id, operation_id)
            references payment_operations (business_id, id),
        constraint repayments_amount check (amount_q > 0)
    );
    create index repayments_of_refund on repayments (business_id, refund_id);
"""
DOWN = """
    drop table repayments;
    alter table payments drop column payment_intent_id;
    alter table payment_intents drop column sale_id;
"""


def upgrade() -> None:
    """Adds them. What was refunded before stays undivided: nothing of it came through an intent."""
    migrations.script(UP)


def downgrade() -> None:
    """Drops them."""
    migrations.script(DOWN)
