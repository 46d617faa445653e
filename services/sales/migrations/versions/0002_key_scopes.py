"""Scopes and an end for API keys"""

from kit import migrations

revision = "0002"
down_revision = "0001"

UP = """
    alter table api_keys
        add column scopes text[] not null default '{}',
        add column expires_at timestamptz;
"""
DOWN = "alter table api_keys drop column scopes, drop column expires_at"


def upgrade() -> None:
    """Adds the columns; a default that is a constant rewrites no row."""
    migrations.script(UP)


def downgrade() -> None:
    """Drops them; keys then reach as far as their role, and for ever."""
    migrations.script(DOWN)
