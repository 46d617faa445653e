"""Amounts for people to read; programs get minor units."""

NO_DIGITS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())  # noqa: SIM905  # to be read
THREE_DIGITS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())  # noqa: SIM905  # a list of words reads best as words
"""Currencies that have not two digits after the point (ISO 4217)."""


def printed(amount_q: int, currency: str) -> str:
    """Returns an amount in major units as decimal text, such as `200.00`."""
    digits = 0 if currency in NO_DIGITS else 3 if currency in THREE_DIGITS else 2
    if not digits:
        return str(amount_q)
    sign, (whole, part) = "-" if amount_q < 0 else "", divmod(abs(amount_q), 10**digits)
    return f"{sign}{whole}.{part:0{digits}}"
