"""Use cases: load and lock, decide, write, tell. Each takes the transaction that it runs in."""
