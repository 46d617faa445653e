"""Reads for lists."""
