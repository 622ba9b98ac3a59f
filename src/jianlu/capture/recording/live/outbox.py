"""What waits to be delivered, in order: in memory while delivery keeps up, in the spool when it does not.

The spool's entries are always older than those in memory. When neither takes a segment it is dropped and the count says so; the gap that
this leaves is declared at delivery, because every segment knows what it covers.
"""

from __future__ import annotations

from collections import deque

from jianlu.capture.recording.live.entries import Entry, entry_bytes, entry_from
from jianlu.capture.recording.live.ports import Spool
from jianlu.core.errors import UnavailableError
from jianlu.core.limits import LIVE_PENDING_BYTES_MAX

_SEGMENTS_IN_FLIGHT = 1
"""Segments that may wait in memory: the one being delivered. A second one means that delivery does not keep up."""


class Outbox:
    """The entries of one case on their way to its log. Used from one thread."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._memory: deque[Entry] = deque()
        self._memory_bytes = 0
        self.dropped = 0
        self.is_spool_failing = False

    def put(self, entry: Entry) -> None:
        """Take the next entry; one that seals something is dropped when disk and memory are full."""
        if entry.is_sealed and self._memory_bytes + len(entry.plaintext) > LIVE_PENDING_BYTES_MAX:
            self.spill()
            if self._memory_bytes + len(entry.plaintext) > LIVE_PENDING_BYTES_MAX:
                self.dropped += 1
                return
        self._memory.append(entry)
        self._memory_bytes += len(entry.plaintext)
        if self._spool.count or sum(each.is_sealed for each in self._memory) > _SEGMENTS_IN_FLIGHT:
            self.spill()

    def spill(self) -> None:
        """Move everything from memory to the spool, as far as the disk takes it."""
        try:
            while self._memory:
                self._spool.append(entry_bytes(self._memory[0]))
                self._memory_bytes -= len(self._memory.popleft().plaintext)
            self.is_spool_failing = False
        except UnavailableError:
            self.is_spool_failing = True

    def first(self) -> Entry | None:
        """The oldest entry; IntegrityError when the spool was altered."""
        content = self._spool.first()
        if content is not None:
            return entry_from(content)
        return self._memory[0] if self._memory else None

    def done(self) -> None:
        """The oldest entry was delivered."""
        if self._spool.count:
            self._spool.drop_first()
        elif self._memory:
            self._memory_bytes -= len(self._memory.popleft().plaintext)
        if not self._memory:
            self.is_spool_failing = False

    @property
    def is_spooling(self) -> bool:
        """Whether entries are on the disk."""
        return self._spool.count > 0

    @property
    def is_empty(self) -> bool:
        """Whether everything was delivered."""
        return not self._memory and not self._spool.count

    @property
    def memory_bytes(self) -> int:
        """Plaintext that waits in memory."""
        return self._memory_bytes
