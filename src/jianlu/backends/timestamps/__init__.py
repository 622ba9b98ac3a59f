"""Time-stamp authorities: `ledger.ports.TimeAuthority` over HTTP."""
