"""Fixtures for every test of the repository."""

# Before pytest names the modules in gateway/tests after their folder and thereby makes a package `gateway` of its own.
import gateway  # noqa: F401

pytest_plugins = ["kit.testing", "comanda_cli.testing"]
