"""What a provider declined to give back may be given back in another way"""

from kit import migrations

revision = "0015"
down_revision = "0014"

UP = "alter table repayments add column settled_reason text not null default '';"
DOWN = "alter table repayments drop column settled_reason;"


def upgrade() -> None:
    """Adds how and why, which rewrites no row."""
    migrations.script(UP)


def downgrade() -> None:
    """Drops it."""
    migrations.script(DOWN)
