"""Where the days of a business end"""

from kit import migrations

revision = "0011"
down_revision = "0010"

CREATE = """
    create table businesses (
        business_id uuid not null,
        timezone text not null,
        constraint businesses_pkey primary key (business_id)
    )
"""
DROP = "drop table businesses"


def upgrade() -> None:
    """Makes the table."""
    migrations.script(CREATE)


def downgrade() -> None:
    """Drops the table."""
    migrations.script(DROP)
