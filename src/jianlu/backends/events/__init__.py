"""Event logs: `vault.ports.EventLog` by what keeps the entries."""
