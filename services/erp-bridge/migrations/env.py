"""Runs the migrations on the connection that kit.migrations opened."""

from alembic import context

from kit import migrations

with migrations.transaction(context):
    context.run_migrations()
