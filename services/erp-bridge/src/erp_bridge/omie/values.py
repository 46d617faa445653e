"""Dates, flags, and numbers as Omie writes them (omie-api.md 1.5)."""

from datetime import date
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Sao_Paulo")
"""Omie's times carry no zone."""


def to_date(day: date) -> str:
    """Writes a date: dd/mm/yyyy."""
    return day.strftime("%d/%m/%Y")


def from_flag(text: object) -> bool:
    """Reads a flag; absent is no."""
    return str(text or "").upper() in ("S", "T", "TRUE")


def bare_number(number: object) -> str:
    """Returns a display number without padding: some answers pad it to fifteen digits, and some do not."""
    return str(number or "").strip().lstrip("0")
