"""Proves on a running system, reading only, that its promises are kept."""
