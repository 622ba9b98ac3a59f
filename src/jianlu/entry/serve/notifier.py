"""The notifier: the process that tells others by webhooks, and the only one that opens connections to where people told it to.

It has the database and the key keeper, neither ledger nor vault, so that what answers from outside finds nothing here (decision 0104). It
runs where `[webhooks] is_on`. Killed at any step, the next one sends what was not written down as delivered.
"""

from __future__ import annotations

import fcntl
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from jianlu.core.errors import ConflictError, JianluError, UnavailableError
from jianlu.deliver.webhooks.feeding import feed, sweep
from jianlu.deliver.webhooks.model import WebhookPorts
from jianlu.deliver.webhooks.post import post
from jianlu.deliver.webhooks.sending import Post, release_own, send, take
from jianlu.runtime.logging import logger
from jianlu.runtime.settings import Settings
from jianlu.runtime.stop_signal import Stopping, StopSignal
from jianlu.wiring import open_notifier

SENDERS = 4
AT_ONCE = 2
"""Attempts at one endpoint at a time: a slow one holds two of the senders, never all."""

IDLE_S = 0.5
SWEEP_EVERY_MS = 3_600_000


def run_notifier(home: Path, _: Settings) -> int:
    """Tell others until SIGTERM or SIGINT; what is in hand then is tried again by the next. Returns 0."""
    stop = StopSignal()
    with _own_name(home) as name, open_notifier(home) as (using, outside):
        work(using, name, partial(post, outside=outside), stop)
    return 0


def work(using: WebhookPorts, name: str, sending: Post, stop: Stopping, *, idle_s: float = IDLE_S) -> None:
    """Make messages and send them until `stop`; a database that is away is waited for."""
    _until_it_answers(lambda: release_own(using, name), stop, idle_s)
    turns = _Turns()
    threads = [_Sender(using, name, sending, turns, idle_s) for _ in range(SENDERS)]
    for each in threads:
        each.start()
    swept_ms = -SWEEP_EVERY_MS
    try:
        while not stop.is_set():
            is_idle = True
            try:
                is_idle = feed(using) == 0
                if (now_ms := using.clock.monotonic_ms()) - swept_ms >= SWEEP_EVERY_MS:
                    sweep(using)
                    swept_ms = now_ms
            except JianluError as error:
                logger("notifier").warning("feed_failed", family=type(error).__name__)
            if is_idle:
                stop.wait(idle_s)
    finally:
        for each in threads:
            each.stop()


class _Turns:
    """How many attempts at each endpoint are under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count: dict[str, int] = {}

    def full(self) -> list[str]:
        with self._lock:
            return [endpoint for endpoint, count in self._count.items() if count >= AT_ONCE]

    def add(self, endpoint: str, number: int) -> None:
        with self._lock:
            count = self._count.pop(endpoint, 0) + number
            if count > 0:
                self._count[endpoint] = count


class _Sender:
    """One thread that takes deliveries and tries them."""

    def __init__(self, using: WebhookPorts, name: str, sending: Post, turns: _Turns, idle_s: float) -> None:
        self._using, self._name, self._sending, self._turns, self._idle_s = using, name, sending, turns, idle_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhook-sender", daemon=True)
        self._log = logger("notifier")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                is_idle = not self._once()
            except JianluError as error:
                self._log.warning("sending_failed", family=type(error).__name__)
                is_idle = True
            if is_idle:
                self._stop.wait(self._idle_s)

    def _once(self) -> bool:
        taken = take(self._using, self._name, busy=self._turns.full())
        if taken is None:
            return False
        self._turns.add(taken.endpoint, 1)
        try:
            is_delivered = send(self._using, taken, self._sending)
        finally:
            self._turns.add(taken.endpoint, -1)
        self._log.info("webhook_tried", endpoint=taken.endpoint, attempt=taken.attempts, is_delivered=is_delivered)
        return True


def _until_it_answers(ask: Callable[[], object], stop: Stopping, idle_s: float) -> None:
    while not stop.is_set():
        try:
            ask()
        except UnavailableError:
            stop.wait(idle_s)
        else:
            return


@contextmanager
def _own_name(home: Path) -> Iterator[str]:
    """A name that no other process has: what was in hand under it when it died is due at once. ConflictError when one runs already."""
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / "notifier.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConflictError("a notifier runs in this home already: let it end first") from error
        yield f"{socket.gethostname()[:48]}/notifier"
    finally:
        os.close(handle)
