"""A real PostgreSQL and a real NATS server, started from their wheels."""
