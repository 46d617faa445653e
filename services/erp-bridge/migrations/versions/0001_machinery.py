"""The machinery's tables; the bridge has none of its own yet"""

from kit import machinery, migrations

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes the tables."""
    migrations.script(machinery.CREATE_1)


def downgrade() -> None:
    """Drops the tables."""
    migrations.script(machinery.DROP_1)
