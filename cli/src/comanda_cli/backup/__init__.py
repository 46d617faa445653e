"""Backups: all databases as they were at one moment, with the keys of the home; see docs/decisions/backup.md."""
