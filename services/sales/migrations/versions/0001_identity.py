"""Businesses, storefronts, and API keys"""

from kit import machinery, migrations

revision = "0001"
down_revision = None

CREATE = """
    create table businesses (
        business_id uuid not null,
        code text not null,
        name text not null,
        timezone text not null,
        currency text not null,
        created_at timestamptz not null,
        constraint businesses_pkey primary key (business_id),
        constraint businesses_code unique (code)
    );

    create table storefronts (
        business_id uuid not null,
        code text not null,
        name text not null,
        timezone text not null,
        currency text not null,
        day_cutover_hour integer not null,
        is_active boolean not null,
        created_at timestamptz not null,
        constraint storefronts_pkey primary key (business_id, code),
        constraint storefronts_business foreign key (business_id) references businesses (business_id),
        constraint storefronts_day_cutover_hour check (day_cutover_hour between 0 and 23)
    );

    -- Keys of operators belong to no business: their business_id is zero, so no foreign key.
    create table api_keys (
        business_id uuid not null,
        id uuid not null,
        label text not null,
        role text not null,
        customer_id text not null,
        digest bytea not null,
        created_by text not null,
        created_at timestamptz not null,
        revoked_at timestamptz,
        constraint api_keys_pkey primary key (business_id, id),
        -- A bearer shows an id and no business.
        constraint api_keys_id unique (id),
        constraint api_keys_digest check (length(digest) = 32),
        constraint api_keys_customer check ((role = 'customer') = (customer_id <> ''))
    );
"""
DROP = "drop table api_keys, storefronts, businesses"


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(machinery.CREATE_1, CREATE)


def downgrade() -> None:
    """Drops the tables."""
    migrations.script(DROP, machinery.DROP_1)
