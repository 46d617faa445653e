"""Payment intents, and what was asked of their providers"""

from kit import migrations

revision = "0008"
down_revision = "0007"

UP = """
    create table payment_intents (
        business_id uuid not null,
        id uuid not null,
        provider text not null,
        method text not null,
        amount_q bigint not null,
        currency text not null,
        status text not null,
        captured_q bigint not null,
        refunded_q bigint not null,
        client_secret text not null,
        order_ref text not null,
        metadata jsonb not null,
        created_by text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint payment_intents_pkey primary key (business_id, id),
        constraint payment_intents_amounts check (captured_q between 0 and amount_q and refunded_q between 0 and captured_q)
    );
    create index payment_intents_of_order on payment_intents (business_id, order_ref, id) where order_ref <> '';

    create table payment_operations (
        business_id uuid not null,
        id uuid not null,
        intent_id uuid not null,
        kind text not null,
        state text not null,
        amount_q bigint not null,
        reason text not null,
        transaction_id text not null,
        error_code text not null,
        error text not null,
        -- Whom to tell how it ended: the directive, and which attempt at it.
        directive_id text not null,
        directive_attempt integer not null,
        created_at timestamptz not null,
        settled_at timestamptz,
        constraint payment_operations_pkey primary key (business_id, id),
        constraint payment_operations_intent foreign key (business_id, intent_id) references payment_intents (business_id, id)
    );
    create index payment_operations_of_intent on payment_operations (business_id, intent_id, id);
    create unique index payment_operations_directive on payment_operations (business_id, directive_id)
        where directive_id <> '';
"""


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(UP)


def downgrade() -> None:
    """Drops them."""
    migrations.script("drop table payment_operations, payment_intents")
