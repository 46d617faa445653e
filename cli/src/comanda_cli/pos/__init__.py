"""Sales of a till, from its CSV file."""
