"""Receipts on paper and on screen, in the reader's language."""
