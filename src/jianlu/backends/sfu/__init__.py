"""Selective forwarding units: the room of a live session, behind the port `capture/sessions/rooms.py`."""
