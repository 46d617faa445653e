"""What sales knows: businesses, storefronts, API keys. No clock, no I/O."""
