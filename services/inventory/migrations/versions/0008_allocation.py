"""Rules of allocation, and what they have decided"""

from alembic import op

from kit import migrations

revision = "0008"
down_revision = "0007"

CREATE = """
    alter table products
        add column allocation text not null default 'priority',
        add constraint products_allocation check (
            allocation in ('priority', 'fewest_splits', 'single_location')
        ) not valid;
    create table allocations (
        business_id uuid not null,
        id uuid not null,
        owner_type text not null,
        owner_scope text collate "C" not null,
        owner_ref text collate "C" not null,
        sku text collate "C" not null,
        qty numeric(12, 3) not null,
        rule text not null,
        reason text not null,
        locations text[] not null,
        free numeric(12, 3)[] not null,
        taken numeric(12, 3)[] not null,
        decided_at timestamptz not null,
        constraint allocations_pkey primary key (business_id, id)
    );
    create index allocations_owner on allocations (business_id, owner_ref, owner_type);
    create index allocations_decided_at on allocations using brin (decided_at);
"""
VALIDATE = "alter table products validate constraint products_allocation;"
DROP = """
    drop table allocations;
    alter table products drop constraint products_allocation, drop column allocation;
"""


def upgrade() -> None:
    """Adds the column and makes the table."""
    migrations.script(CREATE)
    with op.get_context().autocommit_block():
        migrations.script(VALIDATE)


def downgrade() -> None:
    """Drops them."""
    migrations.script(DROP)
