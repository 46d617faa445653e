"""One function per use case; each takes the transaction."""
