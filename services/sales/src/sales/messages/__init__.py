"""From the domain to protobuf, and from requests to the domain."""
