"""The fleet in containers: docker-compose.yml with the secrets and ports of a home."""
