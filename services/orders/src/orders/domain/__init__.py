"""What the order hub knows: sessions, checks, flows, orders, directives. No clock, no I/O; state in, decision out."""
