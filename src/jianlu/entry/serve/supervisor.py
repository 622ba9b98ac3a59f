"""The process tree of `jianlu serve`: starts the children, restarts one that dies, passes SIGTERM on in an order in which nothing is lost.

Recorders stop first, while the desk still takes their last segment, and the web process last. A child that keeps dying is tried
again ever more slowly and every death is said; only when web cannot start at all does the tree give up.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jianlu.entry.serve.children import SUPERVISED, Child
from jianlu.runtime.clock import Clock
from jianlu.runtime.logging import logger
from jianlu.runtime.stop_signal import StopSignal

READY_FILE = Path("run/web.json")
STOP_ORDER: tuple[tuple[str, ...], ...] = (("recorder", "worker", "checker", "notifier", "anchors"), ("media",), ("web",))
_TICK_S = 0.1
_BACKOFF_FIRST_MS, _BACKOFF_MAX_MS = 200, 10_000
_IN_A_CALL = frozenset({"web", "media", "recorder"})
_BACKOFF_IN_A_CALL_MS = 1_000
"""People wait for these: a talk without its recorder is over after a grace of 20 seconds by the shipped scenes."""

_SETTLED_MS = 30_000
"""A child that ran this long starts with the shortest backoff again."""

_STOP_WAIT_MS = 20_000
_FATAL_CODES = frozenset({2, 3, 4, 5, 90})
"""Exit codes by which a child says that trying again cannot help (`entry/reactions.py`)."""


@dataclass(slots=True)
class _Running:
    child: Child
    process: subprocess.Popen[bytes] | None = None
    started_ms: int = 0
    deaths: int = 0
    retry_at_ms: int = 0


class Supervisor:
    """Runs `children` of `home`; `run` blocks in the main thread until SIGTERM, SIGINT or a web process that cannot start."""

    def __init__(self, home: Path, children: Sequence[Child], clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._all = [_Running(child) for child in children]
        self._log = logger("supervisor")
        self._was_ready = False
        self._mark = secrets.token_hex(8)

    def run(self, on_ready: Callable[[str], None]) -> int:
        """0 when it was told to stop, else web's exit code. `on_ready` is called once with the URL when all of them can be called."""
        stopping = StopSignal()
        code, is_said = 0, False
        try:
            while not stopping.is_set():
                self._start_what_is_due()
                url = "" if is_said else self._url()
                self._was_ready = self._was_ready or bool(url)
                if url and self._all_answer():
                    is_said = True
                    on_ready(url)
                if (failed := self._look_after()) is not None:
                    code = failed
                    break
                stopping.wait(_TICK_S)
        finally:
            self._stop_all()
        return code

    def _start_what_is_due(self) -> None:
        """Web first: the others call it."""
        for each in self._all:
            if each.process is not None or self._clock.monotonic_ms() < each.retry_at_ms:
                continue
            if each.child.role != "web" and not self._was_ready:
                continue
            environment = {**os.environ, SUPERVISED: self._mark}
            each.process = subprocess.Popen(
                each.child.command(self._home), stdin=subprocess.PIPE, env=environment, start_new_session=True
            )
            each.started_ms = self._clock.monotonic_ms()
            self._log.info("child_started", role=each.child.label, attempt=each.deaths + 1, pid=each.process.pid)

    def _look_after(self) -> int | None:
        """Note who died; the exit code to give up with, if it is web and it never started."""
        for each in self._all:
            code = each.process.poll() if each.process else None
            if code is None:
                continue
            self._bury(each, code)
            if each.child.role == "web" and (not self._was_ready or code in _FATAL_CODES):
                self._log.critical("web_cannot_start", exit_code=code)
                return code if 0 < code < 128 else 75
        return None

    def _bury(self, each: _Running, code: int) -> None:
        ran_ms = self._clock.monotonic_ms() - each.started_ms
        each.deaths = 1 if ran_ms >= _SETTLED_MS else each.deaths + 1
        most_ms = _BACKOFF_IN_A_CALL_MS if each.child.role in _IN_A_CALL else _BACKOFF_MAX_MS
        wait_ms = min(_BACKOFF_FIRST_MS * 2 ** (each.deaths - 1), most_ms)
        each.process, each.retry_at_ms = None, self._clock.monotonic_ms() + wait_ms
        self._log.error("child_died", role=each.child.label, exit_code=code, ms=ran_ms, retry_ms=wait_ms)

    def _url(self) -> str:
        """Where web listens, once it says so."""
        try:
            said = json.loads((self._home / READY_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        return str(said.get("url", "")) if said.get("supervisor") == self._mark else ""

    def _all_answer(self) -> bool:
        """Whether every process that others call can be called."""
        return all(_answers(self._home / "run" / f"{each.child.label}.sock") for each in self._all if each.child.has_socket)

    def _stop_all(self) -> None:
        for roles in STOP_ORDER:
            group = [(each.child.label, each.process) for each in self._all if each.child.role in roles and each.process]
            for _, process in group:
                process.terminate()
            for label, process in group:
                try:
                    code = process.wait(timeout=_STOP_WAIT_MS / 1000)
                except subprocess.TimeoutExpired:
                    process.kill()
                    code = process.wait()
                self._log.info("child_stopped", role=label, exit_code=code)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            asking.connect(str(path))
        except OSError:
            return False
    return True
