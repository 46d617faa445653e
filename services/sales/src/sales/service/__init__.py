"""One short method per RPC."""
