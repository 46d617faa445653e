"""Orders are counted by when they were completed"""

from kit import migrations

revision = "0008"
down_revision = "0007"

CREATE = """
    create index orders_completed on orders (business_id, completed_at) where completed_at is not null;
"""


def upgrade() -> None:
    """Adds the index."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops it."""
    migrations.script("drop index orders_completed")
