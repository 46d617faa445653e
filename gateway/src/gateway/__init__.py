"""REST outside, gRPC inside: the public surface of Comanda."""
