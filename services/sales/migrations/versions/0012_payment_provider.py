"""What a provider outside knows of payment intents, and when it is asked next"""

from kit import migrations

revision = "0012"
down_revision = "0011"

UP = """
    alter table payment_intents
        add column provider_ref text not null default '',
        -- The provider's own count of changes: what it said earlier is older, in whatever order it arrives.
        add column version bigint not null default 0,
        add column look_at timestamptz;
    create index payment_intents_look on payment_intents (look_at) where look_at is not null;

    alter table payment_operations
        add column attempts integer not null default 0,
        add column due_at timestamptz;
    create index payment_operations_due on payment_operations (due_at) where state in ('pending', 'sent');
    drop index payment_operations_directive;
    create unique index payment_operations_directive on payment_operations (business_id, directive_id, directive_attempt)
        where directive_id <> '';
"""
DOWN = """
    drop index payment_operations_directive;
    create index payment_operations_directive on payment_operations (business_id, directive_id) where directive_id <> '';
    alter table payment_operations drop column attempts, drop column due_at;
    alter table payment_intents drop column provider_ref, drop column version, drop column look_at;
"""


def upgrade() -> None:
    """Adds the columns; the tables came into being with a revision before, in the same release."""
    migrations.script(UP)


def downgrade() -> None:
    """Drops them. A directive that was tried twice has two operations, so its index is not unique any more."""
    migrations.script(DOWN)
