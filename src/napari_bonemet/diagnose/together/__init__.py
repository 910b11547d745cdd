"""Networks that see several weeks of a leg at once."""
