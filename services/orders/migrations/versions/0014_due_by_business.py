"""Directives that are due are found business by business"""

from kit import migrations

revision = "0014"
down_revision = "0013"

CHANGE = """
    create index directives_due_of_business on directives (business_id, due_at) where status = 'queued';
    drop index directives_due;
"""
BACK = """
    create index directives_due on directives (due_at) where status = 'queued';
    drop index directives_due_of_business;
"""


def upgrade() -> None:
    """Puts the business before the time."""
    migrations.script(CHANGE)


def downgrade() -> None:
    """Finds them by the time alone."""
    migrations.script(BACK)
