"""Scrubbing in a worker: one process of a home follows the ledger and looks after the copies in every store, a thread for each.

Which process has the turn is decided by a lock on a file of the home; the others go on without. It yields to whoever is in a call by the
worker's niceness, and to the storage by the rate of the settings.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from jianlu.core.errors import ConflictError, JianluError
from jianlu.core.terms.ids import tenant_id
from jianlu.runtime.logging import logger
from jianlu.runtime.settings import Settings
from jianlu.vault.ports import VaultPorts
from jianlu.vault.stores.scrub import Scrubber
from jianlu.wiring import probe_store

IDLE_S, LONE_IDLE_S = 2.0, 60.0
"""Between looks for work: how long a copy may wait; a lone folder has none to wait for."""

STOP_S = 3.0
"""How long a copy that is under way may take to come to its end when the worker is told to stop."""

LOCK_FILE = Path("run/stores.lock")
_MB = 1_000_000


def scrubber_of(settings: Settings, vault: VaultPorts) -> Scrubber:
    """The walks over the home's stores, by its settings."""
    wanted = settings.vault
    return Scrubber(vault, tenant_id(settings.tenant.id), probe_store, days=wanted.scrub_days, bytes_s=wanted.scrub_mb_s * _MB)


class Scrubbing:
    """The thread; `with` starts and ends it."""

    def __init__(self, home: Path, settings: Settings, vault: VaultPorts) -> None:
        """Nothing is looked at before it starts."""
        self._home, self._settings, self._vault = home, settings, vault
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scrubbing", daemon=True)

    def __enter__(self) -> Scrubbing:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(STOP_S)  # a copy under way is begun again by the next: nothing waits for a far store

    def _run(self) -> None:
        idle_s = IDLE_S if len(self._vault.stores) > 1 or self._vault.stores[0].promises_lock else LONE_IDLE_S
        while not self._stop.is_set():
            try:
                with the_only_one(self._home):
                    self._scrub(scrubber_of(self._settings, self._vault), idle_s)
            except ConflictError:
                self._stop.wait(LONE_IDLE_S)  # another worker has the turn: until it ends

    def _scrub(self, scrubber: Scrubber, idle_s: float) -> None:
        while not self._stop.is_set():
            try:
                wait = scrubber.turn()
            except JianluError as error:
                logger("worker").warning("scrub_failed", error=error)
                wait = None
            self._stop.wait(idle_s if wait is None else wait)


@contextmanager
def the_only_one(
    home: Path,
    file: Path = LOCK_FILE,
    busy: str = "another process looks after the stores of this home: the service does, while it runs",
) -> Iterator[None]:
    """The turn at the home's stores, or at what `file` stands for; ConflictError, in the words of `busy`, while another process has it."""
    path = home / file
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConflictError(busy) from error
        yield
    finally:
        os.close(handle)
