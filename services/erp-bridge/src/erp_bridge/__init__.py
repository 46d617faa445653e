"""The bridge between Comanda and the ERP that books its orders."""
