"""The words of the refusals; the bridge has none of its own yet."""

from kit.texts import Catalogue

TEXTS: Catalogue = {}
