"""Decoding of a recorded session for inspection: sound at 16 kHz and small pictures, on the session's own clock."""
