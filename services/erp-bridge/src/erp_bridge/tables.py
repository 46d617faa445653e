"""The tables as they are after all migrations: alembic compares the database with them."""

import sqlalchemy as sa

from kit import machinery

METADATA = sa.MetaData()
machinery.tables(METADATA)
