"""Reads for lists: SQL to messages, with no domain decision between."""
