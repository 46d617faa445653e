"""Notes on orders"""

from kit import migrations

revision = "0004"
down_revision = "0003"

CREATE = """
    create table order_notes (
        business_id uuid not null,
        id uuid not null,
        order_ref text not null,
        note text not null,
        is_internal boolean not null,
        notify_customer boolean not null,
        notified_at timestamptz,
        created_by text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint order_notes_pkey primary key (business_id, id),
        constraint order_notes_length check (length(note) between 1 and 5000),
        constraint order_notes_told check (not (is_internal and notify_customer))
    );
    create index order_notes_order on order_notes (business_id, order_ref, id);
"""
DROP = "drop table order_notes"


def upgrade() -> None:
    """Makes the table."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the table."""
    migrations.script(DROP)
