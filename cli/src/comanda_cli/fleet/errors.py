"""The one error of the fleet."""


class FleetError(Exception):
    """Something the user has to know or to do; the text is one line that says what."""
