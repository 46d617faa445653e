"""Imports the real orders of the Olist data set through the public API, as a client would."""
