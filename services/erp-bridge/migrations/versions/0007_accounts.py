"""Which account of the ERP an event came from"""

from kit import migrations

revision = "0007"
down_revision = "0006"

# Yesterday's code knows one account, the first: that is what no name stands for.
CREATE = "alter table omie_webhooks add column account text not null default '';"
DROP = "alter table omie_webhooks drop column account;"


def upgrade() -> None:
    """Adds the column, which rewrites no row."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the column."""
    migrations.script(DROP)
