"""The RPCs: each calls one operation or one query and returns a message."""
