"""Media files handed in: judged, read once, and captured."""
