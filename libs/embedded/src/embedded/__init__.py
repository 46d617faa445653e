"""A real PostgreSQL and a real NATS server, started from their wheels and ended with the process that started them."""

from embedded.errors import EmbeddedError
from embedded.nats import Nats
from embedded.postgres import Postgres

__all__ = ["EmbeddedError", "Nats", "Postgres"]
