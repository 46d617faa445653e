"""The `comanda` command: the supervisor and its tools."""
