"""Products, locations, stock, reservations and their ledger."""
