"""Live sessions: cases, the script that the server enforces, consents, seats, and the ports to rooms and recorders."""
