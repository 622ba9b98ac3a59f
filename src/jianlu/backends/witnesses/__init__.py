"""Witnesses of other people's keeping: `ledger.ports.Witness` over HTTP."""
