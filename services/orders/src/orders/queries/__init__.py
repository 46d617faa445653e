"""Reads for lists and reports: from SQL to messages, with no domain object between."""
