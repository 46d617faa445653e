"""The domain's values as messages, and messages as the domain's values."""
