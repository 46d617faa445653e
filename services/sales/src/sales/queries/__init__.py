"""Reads for lists: from SQL to messages, a page at a time, by the key of the last row."""
