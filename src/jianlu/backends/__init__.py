"""Implementations of ports, one folder per role, one module per vendor; only `wiring` imports them."""
