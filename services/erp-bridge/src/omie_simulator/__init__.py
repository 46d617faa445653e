"""A stand-in for the Omie ERP that behaves on the wire as the real one does, for development and tests."""
