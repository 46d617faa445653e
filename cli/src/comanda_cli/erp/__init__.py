"""`comanda erp`: what concerns the ERP and the bridge to it."""
