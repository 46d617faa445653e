"""What takes calls of the ERP: runs outside of transactions, under a lease, and may be killed at any point."""
