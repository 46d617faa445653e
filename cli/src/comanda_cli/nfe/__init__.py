"""`comanda import nfe`: inbound invoices, for trying out what the ERP bridge does with them."""
