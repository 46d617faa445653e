"""What may happen to stock, decided without a clock and without a database."""
