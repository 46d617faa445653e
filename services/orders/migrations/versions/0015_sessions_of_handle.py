"""Sessions are found by their handle, whatever has become of them"""

from kit import migrations

revision = "0015"
down_revision = "0014"

CREATE = "create index sessions_handle on sessions (business_id, handle_type, handle_ref, id) where handle_ref <> '';"
DROP = "drop index sessions_handle;"


def upgrade() -> None:
    """Adds the index, as orders have one."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops it."""
    migrations.script(DROP)
