"""Returns whose units were put back"""

from kit import migrations

revision = "0009"
down_revision = "0008"

CREATE = """
    create table restocks (
        business_id uuid not null,
        return_number text collate "C" not null,
        order_ref text collate "C" not null,
        created_at timestamptz not null default now(),
        constraint restocks_pkey primary key (business_id, return_number)
    );
    create index restocks_order on restocks (business_id, order_ref);
"""
DROP = "drop table restocks"


def upgrade() -> None:
    """Makes the table."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the table."""
    migrations.script(DROP)
