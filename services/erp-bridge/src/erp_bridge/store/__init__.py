"""Loads and saves what the bridge keeps."""
