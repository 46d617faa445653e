"""Measures Comanda from outside, on a fleet that is made for it, and proves the promises on that same run."""
