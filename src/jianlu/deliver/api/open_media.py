"""Which media connections rest on whose sign-in, so that they end with it: a leaver neither sees nor is seen a few seconds later.

In memory, like the connections: they do not outlive the media process, nor this one's knowledge of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from jianlu.capture.sessions.rooms import Rooms
from jianlu.core.errors import JianluError
from jianlu.govern.identity.model import Principal, Staff
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_ins import still_open


class OpenMedia:
    """Connections of members of staff. Safe for threads."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, str]] = {}
        self._lock = threading.Lock()

    def keep(self, case: str, connection: str, caller: Principal) -> None:
        """The connection rests on the caller's sign-in; participants' rest on their seats, which the session looks after."""
        if isinstance(caller, Staff):
            with self._lock:
                self._held[connection] = (case, caller.sign_in)

    def forget(self, connection: str) -> None:
        """The connection was closed."""
        with self._lock:
            self._held.pop(connection, None)

    def cut(self, identity: IdentityPorts, rooms: Rooms, is_in_call: Callable[[str, str], bool]) -> int:
        """Close what rests on a sign-in that ended; how many. A room that does not answer is asked again at the next turn.

        `is_in_call`: whether an account (the second) has a seat in the case's recorded call: then the call keeps it past the end.
        """
        with self._lock:
            held = dict(self._held)
        names = frozenset(name for _, name in held.values() if ":" not in name)
        if not names:
            return 0  # the usual beat: nobody of the staff sends or watches, and nothing is asked
        alive, closed = still_open(identity, names), 0
        for connection, (case, name) in held.items():
            account = alive.get(name)
            if name in names and (account is None or (account and not is_in_call(case, account))):
                try:
                    rooms.close_connection(case, connection)
                except JianluError:
                    continue
                self.forget(connection)
                closed += 1
        return closed
