"""The last that was heard of inventory's prices"""

from kit import migrations

revision = "0011"
down_revision = "0010"

CREATE = """
    create table known_products (
        business_id uuid not null,
        sku text not null,
        name text not null,
        price_q bigint not null,
        is_active boolean not null,
        as_of timestamptz not null,
        constraint known_products_pkey primary key (business_id, sku)
    );
    create table known_price_lists (
        business_id uuid not null,
        code text not null,
        currency text not null,
        is_active boolean not null,
        as_of timestamptz not null,
        constraint known_price_lists_pkey primary key (business_id, code)
    );
    create table known_prices (
        business_id uuid not null,
        price_list text not null,
        sku text not null,
        price_q bigint,
        as_of timestamptz not null,
        constraint known_prices_pkey primary key (business_id, price_list, sku)
    );
"""
DROP = "drop table known_prices, known_price_lists, known_products"


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the tables."""
    migrations.script(DROP)
