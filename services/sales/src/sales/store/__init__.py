"""Loads and saves what the domain needs; every statement is named after what it returns or does."""
