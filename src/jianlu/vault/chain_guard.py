"""The chain guard: an event log for other processes that accepts an entry only as the next event of its case.

A worker that was paused, given up and replaced may wake and write on; its events would tear the case's chain. Whoever keeps the
ledger refuses them here, so that no lease, clock or network decides what a case holds.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from jianlu.core.errors import ConflictError
from jianlu.core.formats.event import FIRST_PREV, parse_event
from jianlu.vault.index import catch_up, read_case_row
from jianlu.vault.ports import VaultPorts


class ChainGuard:
    """`vault.ports.EventLog` in front of `using.ledger`, for the socket that workers append through."""

    def __init__(self, using: VaultPorts) -> None:
        """Take the vault of the process that has the ledger."""
        self._using = using
        self._lock = threading.Lock()

    def append(self, entry: bytes) -> int:
        """As the port. ConflictError unless the entry is its case's next event; InvalidError when it is no event."""
        event = parse_event(entry)
        with self._lock:
            catch_up(self._using)
            row = read_case_row(self._using, event.tenant, event.case)
            due = (row.events, row.head_digest) if row else (0, FIRST_PREV)
            if (event.n, event.prev) != due:
                raise ConflictError("another process went on with this case: leave it, or open its log again")
            return self._using.ledger.append(entry)

    def read(self, start: int, count: int) -> Sequence[bytes]:
        """As the port."""
        return self._using.ledger.read(start, count)

    @property
    def size(self) -> int:
        """As the port."""
        return self._using.ledger.size

    def require_open(self) -> None:
        """As the port."""
        self._using.ledger.require_open()
