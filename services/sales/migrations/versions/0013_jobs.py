"""What the jobs have told already, and the indexes by which they find what to tell"""

from alembic import op

from kit import migrations

revision = "0013"
down_revision = "0012"

UP = """
    create table job_marks (
        business_id uuid not null,
        job text not null,
        subject text not null,
        created_at timestamptz not null default now(),
        primary key (business_id, job, subject)
    );
"""
# Beside writers.
UNPAID = """
    create index concurrently sales_unpaid on sales (business_id, id) where amount_due_q > 0 and status in ('pending', 'partial')
"""
DRAFTS = "create index concurrently sales_drafts on sales (created_at) where status = 'draft'"
DOWN = "drop index sales_drafts; drop index sales_unpaid; drop table job_marks;"


def upgrade() -> None:
    """Adds the table and the indexes."""
    migrations.script(UP)
    with op.get_context().autocommit_block():
        migrations.script(UNPAID, DRAFTS)


def downgrade() -> None:
    """Drops them; what the jobs have told in the last week is told once more."""
    migrations.script(DOWN)
