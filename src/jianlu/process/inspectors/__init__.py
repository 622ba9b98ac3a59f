"""Inspectors: each looks at a whole session and says what it found and what it examined."""
