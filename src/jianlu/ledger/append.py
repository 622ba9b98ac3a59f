"""Appending: many threads, one writer, one sync for all who wait.

Whoever finds no writer at work becomes the writer: it takes everybody's entries, writes one journal record, syncs, and
wakes each waiting thread once; then the next waiting one takes over. A single caller so pays for no thread switch. After
any failed write the ledger has stopped for good and must be opened again: what the disk holds is then read from the disk.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections import deque
from types import TracebackType
from typing import Self

from jianlu.core.errors import ConflictError, JianluError, UnavailableError
from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.tile import check_entry
from jianlu.ledger._journal import Journal
from jianlu.ledger.model import (
    BATCH_BYTES_MAX,
    BATCH_ENTRIES_MAX,
    ENTRY_OVERHEAD_BYTES,
    PUBLISH_EARLY_BYTES,
    UNPUBLISHED_BYTES_MAX,
)
from jianlu.ledger.publish import Publisher


class _Ticket:
    """One waiting append. `wake` is released once: when the entry is durable, when the ledger stopped, or to take over."""

    __slots__ = ("entry", "index", "leads", "wake")

    def __init__(self, entry: bytes) -> None:
        self.entry = entry
        self.index: int | None = None
        self.leads = False
        self.wake = threading.Lock()
        self.wake.acquire()


class Ledger:
    """An open ledger, made by `open_ledger`; the only writer of its folder. All methods may be called from any thread."""

    def __init__(self, *, journal: Journal, publisher: Publisher, lock_handle: int, publish_every_ms: int | None) -> None:
        """Take over what `open_ledger` recovered. With `publish_every_ms` None nothing is published until asked for."""
        self._journal = journal
        self._publisher = publisher
        self._lock_handle = lock_handle
        self._process = os.getpid()
        self._size = publisher.checkpoint.size
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._publishing = threading.Lock()
        self._waiting: deque[_Ticket] = deque()
        self._is_led = False
        self._unpublished: deque[bytes] = deque()
        self._unpublished_bytes = 0
        self._stopped: JianluError | None = None
        self._news = threading.Event()
        self._hurry = threading.Event()
        self._is_closing = False
        self._pacer: threading.Thread | None = None
        if publish_every_ms is not None:
            arguments = (publish_every_ms / 1000,)
            self._pacer = threading.Thread(target=self._publish_regularly, args=arguments, name="ledger-publisher", daemon=True)
            self._pacer.start()

    def append(self, entry: bytes) -> int:
        """Add `entry` (at most 65,535 bytes); returns its number once it is durable. It is published within the second.

        Raises InvalidError for a too long entry, ConflictError after `close` or in a forked process, UnavailableError when the
        disk failed, IntegrityError when the ledger stopped over a contradiction. After those two the entry may or may not be
        in the ledger: open it again and look before appending once more.
        """
        check_entry(entry)
        self._check_process()
        if self._unpublished_bytes > UNPUBLISHED_BYTES_MAX:
            self._publish_now(above_bytes=UNPUBLISHED_BYTES_MAX)
        ticket = _Ticket(entry)
        with self._lock:
            self._raise_if_closed()
            self._waiting.append(ticket)
            ticket.leads = not self._is_led
            self._is_led = True
        if not ticket.leads:
            self._await(ticket)
        if ticket.leads:
            self._lead()
        if ticket.index is None:
            self._raise_if_stopped()
        assert ticket.index is not None  # noqa: S101 - a ticket is woken with a number, the lead, or a stopped ledger
        return ticket.index

    def publish(self) -> bytes:
        """Publish all acknowledged entries now; returns the signed checkpoint that covers them, durable. Raises as `append`."""
        self._check_process()
        with self._lock:
            self._raise_if_closed()
        return self._publish_now()

    @property
    def size(self) -> int:
        """Entries that are durable, published or not."""
        return self._size

    @property
    def published(self) -> Checkpoint:
        """What the last published checkpoint states."""
        return self._publisher.checkpoint

    @property
    def has_stopped(self) -> bool:
        """Whether nothing can be appended any more: a write failed, and only opening the ledger again says what the disk holds."""
        return self._stopped is not None

    def require_open(self) -> None:
        """Raise, as `append` would, when nothing can be appended any more; what was being written then may be found on the disk later."""
        with self._lock:
            self._raise_if_closed()

    def close(self) -> None:
        """Publish what is left, stop publishing, and give the folder back. Raises as `publish`; the folder is given back anyway."""
        with self._lock:
            if os.getpid() != self._process or self._is_closing:
                return
            self._is_closing = True
            self._news.set()
            self._hurry.set()
            while self._is_led:
                self._idle.wait()
        if self._pacer is not None:
            self._pacer.join()
        try:
            if self._stopped is None:
                self._publish_now()
        finally:
            with self._publishing, self._lock:
                self._stopped = self._stopped or ConflictError("the ledger is closed: open it again")
            self._journal.close()
            with contextlib.suppress(OSError):  # closing the handle gives it back too
                fcntl.flock(self._lock_handle, fcntl.LOCK_UN)  # a forked child may still hold the handle, not the lock
            os.close(self._lock_handle)

    def __enter__(self) -> Self:
        """The ledger itself; leaving the block closes it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the ledger."""
        self.close()

    def _await(self, ticket: _Ticket) -> None:
        try:
            ticket.wake.acquire()
        except BaseException:
            with self._lock:
                if ticket in self._waiting and not ticket.leads:
                    self._waiting.remove(ticket)
                elif ticket.leads:
                    self._hand_over()
            raise

    def _lead(self) -> None:
        """Commit one batch, in which the own entry is first, and hand the lead over."""
        batch: list[_Ticket] = []
        try:
            with self._lock:
                self._raise_if_stopped()
                batch = self._take_batch()
                first = self._size
            self._journal.append(first, [ticket.entry for ticket in batch])
        except BaseException as error:
            stopped = self._stop(error)
            with self._lock:
                self._hand_over()
            for ticket in batch[1:]:
                ticket.wake.release()
            if isinstance(error, Exception):
                raise stopped from error
            raise
        with self._lock:
            self._size += len(batch)
            for index, ticket in enumerate(batch, first):
                ticket.index = index
                self._unpublished.append(ticket.entry)
                self._unpublished_bytes += len(ticket.entry) + ENTRY_OVERHEAD_BYTES
            self._hand_over()
        self._news.set()
        if self._unpublished_bytes > PUBLISH_EARLY_BYTES:
            self._hurry.set()
        for ticket in batch[1:]:
            ticket.wake.release()

    def _publish_now(self, *, above_bytes: int = -1) -> bytes:
        """Publish, unless somebody else just did and no more than `above_bytes` are left."""
        with self._publishing:
            with self._lock:
                self._raise_if_stopped()
                if self._unpublished_bytes <= above_bytes:
                    return self._publisher.note
                entries = list(self._unpublished)
            try:
                note = self._publisher.publish(entries)
                self._journal.trim(self._publisher.checkpoint.size)
            except BaseException as error:
                stopped = self._stop(error)
                if isinstance(error, Exception):
                    raise stopped from error
                raise
            with self._lock:
                for entry in entries:
                    self._unpublished.popleft()
                    self._unpublished_bytes -= len(entry) + ENTRY_OVERHEAD_BYTES
            return note

    def _take_batch(self) -> list[_Ticket]:
        batch: list[_Ticket] = []
        batch_bytes = 0
        while self._waiting and len(batch) < BATCH_ENTRIES_MAX and batch_bytes < BATCH_BYTES_MAX:
            batch.append(self._waiting.popleft())
            batch_bytes += len(batch[-1].entry)
        return batch

    def _hand_over(self) -> None:
        """Wake the next waiting append to lead; called with the lock held."""
        self._is_led = bool(self._waiting)
        if self._waiting:
            self._waiting[0].leads = True
            self._waiting[0].wake.release()
        else:
            self._idle.notify_all()

    def _stop(self, error: BaseException) -> JianluError:
        """Remember that the ledger stopped, and why; wake all who wait. Returns the error for the caller to raise."""
        if isinstance(error, JianluError):
            reason: JianluError = error
        elif isinstance(error, OSError):
            reason = UnavailableError(
                f"the ledger stopped, the disk failed ({error.strerror}): repair it, then open the ledger again"
            )
        else:
            reason = UnavailableError("the ledger stopped, a write was interrupted: open the ledger again")
        with self._lock:
            self._stopped = self._stopped or reason
            for ticket in self._waiting:
                if not ticket.leads:  # the one that leads is awake, and finds out by itself
                    ticket.wake.release()
            self._waiting.clear()
        return reason

    def _raise_if_stopped(self) -> None:
        if self._stopped is not None:
            raise type(self._stopped)(str(self._stopped)) from self._stopped

    def _raise_if_closed(self) -> None:
        if self._is_closing:
            raise ConflictError("the ledger is closed: open it again")
        self._raise_if_stopped()

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise ConflictError("the ledger belongs to the process that opened it, not to its fork: open it there")

    def _publish_regularly(self, interval_s: float) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            self._hurry.wait(interval_s)
            self._hurry.clear()
            if self._is_closing:
                return
            try:
                self._publish_now()
            except JianluError:
                return  # remembered in _stopped: the next append raises it
