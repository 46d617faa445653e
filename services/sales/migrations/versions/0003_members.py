"""Members: the people of a business"""

from kit import migrations

revision = "0003"
down_revision = "0002"

UP = """
    create table members (
        business_id uuid not null,
        id uuid not null,
        name text not null,
        email text not null,
        role text not null,
        subject text not null,
        is_active boolean not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint members_pkey primary key (business_id, id),
        constraint members_business foreign key (business_id) references businesses (business_id)
    );
    create unique index members_email on members (business_id, lower(email)) where email <> '';
    create unique index members_subject on members (business_id, subject) where subject <> '';
"""


def upgrade() -> None:
    """Makes the table."""
    migrations.script(UP)


def downgrade() -> None:
    """Drops it: whoever comes in by a token is then known by his token's role alone."""
    migrations.script("drop table members")
