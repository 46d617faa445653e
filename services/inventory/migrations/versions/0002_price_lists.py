"""Price lists"""

from kit import migrations

revision = "0002"
down_revision = "0001"

CREATE = """
    create table price_lists (
        business_id uuid not null,
        code text collate "C" not null,
        name text not null,
        currency text not null,
        is_active boolean not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint price_lists_pkey primary key (business_id, code)
    );

    create table listed_prices (
        business_id uuid not null,
        price_list text collate "C" not null,
        sku text collate "C" not null,
        price_q bigint not null,
        constraint listed_prices_pkey primary key (business_id, price_list, sku),
        constraint listed_prices_list foreign key (business_id, price_list) references price_lists (business_id, code),
        constraint listed_prices_product foreign key (business_id, sku) references products (business_id, sku),
        constraint listed_prices_price check (price_q >= 0)
    );
"""
DROP = "drop table listed_prices, price_lists;"


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the tables."""
    migrations.script(DROP)
