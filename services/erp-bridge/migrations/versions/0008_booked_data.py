"""What is booked keeps no data of its order: they say who has bought"""

from kit import migrations

revision = "0008"
down_revision = "0007"

FORGET = """
    update erp_orders set content = content || '{"data": {}}'
    where external_id is not null and content is not null and content -> 'data' is distinct from '{}'::jsonb
"""


def upgrade() -> None:
    """Forgets what was kept until now."""
    migrations.script(FORGET)


def downgrade() -> None:
    """Brings nothing back: yesterday's code does with what is booked what it does without."""
