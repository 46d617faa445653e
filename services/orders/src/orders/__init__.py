"""Channels, sessions, orders and their directives."""
