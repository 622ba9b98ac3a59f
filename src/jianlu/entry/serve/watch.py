"""The beat of the web process: each second every live session is looked at; each hour what expired is swept away.

What is decided about a session is `capture/sessions/watch.py`; here are only the threads.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from types import TracebackType

from jianlu.capture.sessions.present import is_in_call
from jianlu.capture.sessions.watch import cut_sessions, reopen_sessions, watch_sessions
from jianlu.core.errors import JianluError
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.idempotency import forget_old
from jianlu.govern.identity.admissions import sweep_admissions
from jianlu.govern.identity.notes import sweep_notes
from jianlu.govern.identity.releases import sweep_enrolments
from jianlu.govern.identity.sign_ins import sweep_sign_ins
from jianlu.runtime.logging import logger

BEAT_MS = 1_000
SWEEP_BEATS = 3_600
SAID_AGAIN_MS = 60_000
"""Trouble with one session that lasts is said once a minute, not at each beat."""

LOOKS_AT_ONCE = 8
"""Threads that look at sessions: a look asks other processes and a disk, and one that waits holds one of them."""

LATE_MS = 1_500
"""A beat that took longer than this is said: sessions were looked at too rarely."""


class Watch:
    """One thread from `with` to its end. An error of one beat is logged and the next beat comes all the same."""

    def __init__(self, deps: Deps, *, is_lost: Callable[[], bool] = lambda: False) -> None:
        """`is_lost`: whether only a new process can help, because the ledger has stopped for good."""
        self._deps = deps
        self._is_lost = is_lost
        self._said: dict[tuple[str, str], int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._log = logger("web")

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        """A defect here, or a ledger that stopped, must not leave sessions unwatched: the process ends, drained, and is started anew."""
        threads = ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="watch")
        try:
            self._watch(threads)
        except BaseException:
            self._log.critical("watch_died")
            raise
        finally:
            if not self._stop.is_set():
                os.kill(os.getpid(), signal.SIGTERM)
            threads.shutdown(cancel_futures=True)

    def _watch(self, threads: Executor) -> None:
        is_open, beats = False, 0
        while not self._stop.is_set():
            began_ms = self._deps.clock.monotonic_ms()
            try:
                if not is_open:
                    reopen_sessions(using=self._deps.sessions, complain=self._complain, threads=threads)
                    is_open = True
                watch_sessions(using=self._deps.sessions, complain=self._complain, threads=threads)
                self._cut_media()
                if beats % SWEEP_BEATS == 0:
                    self._sweep()
            except (JianluError, OSError) as error:
                self._log.error("watch_failed", error=error)
            if self._is_lost():
                self._log.critical("ledger_stopped")
                cut_sessions(using=self._deps.sessions)
                return
            beats += 1
            took_ms = self._deps.clock.monotonic_ms() - began_ms
            if took_ms > LATE_MS:
                self._log.warning("watch_late", ms=took_ms)
            self._stop.wait(max(0, BEAT_MS - took_ms) / 1000)

    def _cut_media(self) -> None:
        sessions = self._deps.sessions
        self._deps.open_media.cut(self._deps.identity, sessions.rooms, partial(is_in_call, sessions.switchboard))

    def _complain(self, case: str, error: BaseException) -> None:
        """One session could not be looked at, or what was found could not be recorded: said, and tried again at the next beat."""
        now_ms, key = self._deps.clock.monotonic_ms(), (case, type(error).__name__)
        if now_ms - self._said.get(key, -SAID_AGAIN_MS) >= SAID_AGAIN_MS:
            self._said[key] = now_ms
            self._log.error("session_watch_failed", case=case, error=error)

    def _sweep(self) -> None:
        sweep_sign_ins(self._deps.identity)
        sweep_admissions(self._deps.identity)
        sweep_enrolments(self._deps.identity)
        sweep_notes(self._deps.identity)
        forget_old(self._deps)
