"""What every stage runs on: settings, clock, database. Knows nothing of evidence."""
