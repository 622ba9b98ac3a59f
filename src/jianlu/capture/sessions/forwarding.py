"""Whether people see and hear each other: turned on and off in one place, and never on again in a process that has cut everything.

When it may be on is decided elsewhere: while people talk and are recorded (`watch.py`, `pausing.py`).
"""

from __future__ import annotations

from contextlib import suppress

from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import NotFoundError, UnavailableError


def forward(live: LiveSession, *, using: SessionPorts) -> None:
    """Turn forwarding on; errors as `Rooms.set_forwarding`. A cut of the process that comes at the same moment wins."""
    if not using.switchboard.is_cut:
        using.rooms.set_forwarding(live.row.case, True)
        live.is_forwarding = True
    if using.switchboard.is_cut:
        cut(live, using=using)


def cut(live: LiveSession, *, using: SessionPorts) -> None:
    """Turn forwarding off. A room that is away forwards nothing either; the watch tells it again when it is back."""
    live.is_forwarding = False
    with suppress(UnavailableError, NotFoundError):
        using.rooms.set_forwarding(live.row.case, False)
