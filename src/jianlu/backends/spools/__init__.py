"""Where a recorder keeps on its own disk what it must not lose: undelivered entries, and what it needs to resume."""
