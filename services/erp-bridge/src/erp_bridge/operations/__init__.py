"""One function for each use case; each takes the transaction."""
