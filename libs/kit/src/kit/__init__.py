"""The machinery that every Comanda process shares; it knows no business noun."""
