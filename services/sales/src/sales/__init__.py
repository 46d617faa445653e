"""Businesses, storefronts, API keys, customers, credit and sales."""
