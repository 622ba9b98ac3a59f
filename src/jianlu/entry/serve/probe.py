"""A check that is waited for a bounded time: one that hangs has failed, and those who ask meanwhile wait for the same one.

Disks and key keepers may hang rather than fail; whoever watches live sessions must not hang with them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from jianlu.core.errors import UnavailableError

PATIENCE_S = 2.0


class Probe:
    """Calls `look` in a thread of its own, one at a time; raises what it raised. Safe for threads."""

    def __init__(self, look: Callable[[], None], *, patience_s: float = PATIENCE_S) -> None:
        self._look, self._patience_s = look, patience_s
        self._lock = threading.Lock()
        self._running: Future[None] | None = None
        self._hung: Future[None] | None = None

    def __call__(self) -> None:
        """Look; UnavailableError when that takes too long, at once while an earlier look still hangs."""
        running = self._begun()
        if running is not self._hung:
            try:
                return running.result(self._patience_s)
            except TimeoutError:
                if running.done():
                    raise  # what the look itself raised
                self._hung = running
        raise UnavailableError("a check of the system does not come to an end: see that disk and key keeper answer")

    def _begun(self) -> Future[None]:
        with self._lock:
            if self._running is None or self._running.done():
                self._running = Future()
                threading.Thread(target=self._run, args=(self._running,), name="probe", daemon=True).start()
            return self._running

    def _run(self, running: Future[None]) -> None:
        try:
            self._look()
        except BaseException as error:
            running.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            running.set_result(None)
