"""The one error of this package."""


class EmbeddedError(Exception):
    """A server could not be prepared, started or ended; the text is one line that says what to do."""
