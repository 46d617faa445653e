"""Refunds, and goods that are to return to the shelf"""

from kit import migrations

revision = "0007"
down_revision = "0006"

UP = """
    create table refunds (
        business_id uuid not null,
        id uuid not null,
        sale_id uuid not null,
        type text not null,
        status text not null,
        amount_q bigint not null,
        reason text not null,
        items jsonb not null,
        requested_by text not null,
        decided_by text not null,
        rejection_reason text not null,
        processed_by text not null,
        created_at timestamptz not null,
        decided_at timestamptz,
        processed_at timestamptz,
        constraint refunds_pkey primary key (business_id, id),
        constraint refunds_sale foreign key (business_id, sale_id) references sales (business_id, id),
        constraint refunds_amount check (amount_q >= 0)
    );
    create index refunds_of_sale on refunds (business_id, sale_id, id);

    -- Goods whose return the inventory has not been told of yet.
    create table restocks (
        business_id uuid not null,
        id uuid not null,
        storefront text not null,
        lines jsonb not null,
        reference text not null,
        reason text not null,
        created_at timestamptz not null,
        constraint restocks_pkey primary key (business_id, id)
    );
"""


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(UP)


def downgrade() -> None:
    """Drops them."""
    migrations.script("drop table restocks, refunds")
