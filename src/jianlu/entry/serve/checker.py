"""The checker: a process beside the call that looks at each step while people still talk, and says what was evidenced of it.

It holds nothing and decides nothing: it reads sealed segments as the worker does later, keeps the engines loaded, and reports to the web
process. Killed or stuck it costs the call nothing; what it did not report stays unknown, and the web process says so.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from jianlu.capture.sessions.checks import look_fields
from jianlu.core.errors import JianluError, NotFoundError
from jianlu.entry.live_check import CaseAtHand, glance_at_pictures, look_at_step, take_case
from jianlu.entry.serve.checks import CHECKS_SOCKET
from jianlu.judge.live_prompts import Impressions
from jianlu.judge.live_turns import Attempt, GlancePace, Looked, attempts_in, next_turn
from jianlu.process.inspectors.ports import InspectPorts
from jianlu.runtime.logging import logger
from jianlu.runtime.rpc import BlockingRpcClient
from jianlu.runtime.settings import Settings
from jianlu.runtime.stop_signal import Stopping, StopSignal
from jianlu.wiring import inspect_ports, open_workbench

NICENESS = 8
"""Behind recorder, media and web, which people are in; before what comes after a call, for which nobody waits."""

ASK_EVERY_S = 0.5
IDLE_S = 0.1
LEAVE_S = 1.0
GLANCE_EVERY_MS = 2_000
"""A segment's length."""


class Desk(Protocol):
    """The web process, as the checker calls it."""

    def call(self, method: str, fields: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """One of the methods of `checks.py`; UnavailableError while it is away."""
        ...


def run_checker(home: Path, settings: Settings) -> int:
    """Look at what people say until SIGTERM or SIGINT; returns 0."""
    stop = StopSignal()
    os.nice(NICENESS)
    with open_workbench(home) as bench:
        client = BlockingRpcClient(home / CHECKS_SOCKET)
        checker = Checker(client, lambda: _engines(settings), lambda case: take_case(bench.vault, settings.tenant.id, case))
        ended = threading.Event()
        beside = [threading.Thread(target=_or_end, args=(each, ended), daemon=True) for each in (checker.ask, checker.glance)]
        leaving = threading.Thread(target=leave_in_time, args=(stop, ended, os._exit), daemon=True)
        for thread in (*beside, leaving):
            thread.start()
        try:
            checker.look(stop)
        finally:
            ended.set()
            for thread in beside:
                thread.join()
            client.close()
    return 0


class Checker:
    """Three loops over one list: ask what is to be looked at, look at steps, glance at pictures. An error ends a look alone."""

    def __init__(
        self,
        desk: Desk,
        load: Callable[[], InspectPorts],
        take: Callable[[str], CaseAtHand],
        *,
        now_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
    ) -> None:
        """`load` is called once, when a talk may begin soon: a service that nobody uses needs no memory for engines."""
        self._desk = desk
        self._load = load
        self._take = take
        self._now_ms = now_ms
        self._engines: InspectPorts | None = None
        self._is_expected = False
        self._cases: list[dict[str, Any]] | None = None
        self._at_hand: dict[str, CaseAtHand] = {}
        self._looked: dict[tuple[str, str, int], Looked] = {}
        self._glanced: dict[str, int] = {}
        self._pace = GlancePace()
        self._impressions: dict[str, Impressions] = {}
        self._busy_since_ms: int | None = None
        self._lock = threading.Lock()
        self._log = logger("checker")

    def ask(self, stop: Stopping) -> None:
        """Ask the web process what is to be looked at, twice a second: this is also how it knows that somebody is there."""
        while not stop.is_set():
            self.ask_once()
            stop.wait(ASK_EVERY_S)

    def ask_once(self) -> None:
        """Ask; while the web process is away nothing is known of any talk."""
        since_ms = self._busy_since_ms
        busy_ms = 0 if since_ms is None else self._now_ms() - since_ms
        try:
            told = self._desk.call("watched", {"busy_ms": busy_ms})[0]
            self._cases, self._is_expected = told["cases"], bool(told["is_expected"])
        except JianluError:
            self._cases = None

    def look(self, stop: Stopping) -> None:
        """Look at one step after the other."""
        while not stop.is_set():
            if not self.look_once():
                stop.wait(IDLE_S)

    def look_once(self) -> bool:
        """Look at the step whose turn it is; whether there was one."""
        cases = self._cases
        if cases is None:
            return False
        self._forget({case["case"] for case in cases})
        if self._engines is None:
            return self._get_ready()
        turn = next_turn(attempts_in(cases), self._looked, self._now_ms())
        if turn is None:
            return False
        began_ms = self._busy_since_ms = self._now_ms()
        try:
            self._look_at(turn, self._engines)
        except NotFoundError:
            return False
        except JianluError as error:
            self._log.warning("look_failed", case=turn.case, step=turn.step, attempt=turn.attempt, error=error)
        finally:
            self._busy_since_ms = None
            took_ms = self._now_ms() - began_ms
            self._looked[turn.name] = Looked(turn.sealed_ms, turn.is_sealed, took_ms, self._now_ms())
        return True

    def _look_at(self, turn: Attempt, engines: InspectPorts) -> None:
        began_ms = self._now_ms()
        look, voices = look_at_step(self._case(turn.case), turn, engines)
        self._desk.call("look", {"case": turn.case, "look": look_fields(look)})
        self._impressions.setdefault(turn.case, Impressions()).heard(voices, self._now_ms())
        ms, state = self._now_ms() - began_ms, "whole" if look.is_whole else "running"
        self._log.info("step_looked_at", case=turn.case, step=turn.step, attempt=turn.attempt, state=state, ms=ms)

    def _get_ready(self) -> bool:
        if not self._is_expected:
            return False
        began_ms = self._busy_since_ms = self._now_ms()
        try:
            self._engines = self._load()
        finally:
            self._busy_since_ms = None
        self._log.info("checker_ready", ms=self._now_ms() - began_ms)
        return True

    def glance(self, stop: Stopping) -> None:
        """Glance at pictures, every other second."""
        while not stop.is_set():
            self.glance_once()
            stop.wait(GLANCE_EVERY_MS / 1000)

    def glance_once(self) -> None:
        """Glance at the newest pictures of every talk, and repeat what is wrong with the voices."""
        for case in self._cases or ():
            try:
                self._glance_at(case)
            except Exception as error:  # noqa: BLE001 - whatever an engine raises means one thing: nobody looked
                self._log.warning("glance_failed", case=case["case"], error=error)

    def _glance_at(self, case: dict[str, Any]) -> None:
        name, sealed_ms = str(case["case"]), int(case["recorded_until_ms"])
        from_ms = self._glanced.get(name, 0)
        if self._engines is None or not case["is_live"] or sealed_ms <= from_ms:
            return
        self._glanced[name] = sealed_ms
        at_hand = self._case(name)
        began_ms = self._now_ms()
        keys_only = self._pace.is_resting(name, began_ms)
        seen = glance_at_pictures(at_hand, from_ms, sealed_ms, self._engines, keys_only=keys_only)
        now_ms, known = self._now_ms(), self._impressions.setdefault(name, Impressions())
        if not keys_only:
            self._pace.rest(name, now_ms, took_ms=now_ms - began_ms, talks=len(self._cases or ()))
        known.saw(seen or (), now_ms)
        self._desk.call("prompts", {"case": name, "prompts": known.prompts(at_hand.plan, now_ms, is_looking=seen is not None)})

    def _case(self, case: str) -> CaseAtHand:
        with self._lock:
            if case not in self._at_hand:
                self._at_hand[case] = self._take(case)
            return self._at_hand[case]

    def _forget(self, present: set[str]) -> None:
        """Let go of cases that are over, and of their keys."""
        with self._lock:
            for gone in set(self._at_hand) - present:
                del self._at_hand[gone]
                self._impressions.pop(gone, None)
                self._pace.forget(gone)
                self._glanced.pop(gone, None)
        self._looked = {name: last for name, last in self._looked.items() if name[0] in present}


def leave_in_time(stop: Stopping, ended: Stopping, leave: Callable[[int], object], *, grace_s: float = LEAVE_S) -> None:
    """Once told to stop, end within `grace_s` even in the middle of a look: nothing here has to be finished, and others wait."""
    while not stop.wait(ASK_EVERY_S):
        if ended.is_set():
            return
    if not ended.wait(grace_s):
        leave(0)


def _or_end(loop: Callable[[Stopping], None], stop: threading.Event) -> None:
    """A defect in a loop must not leave half a checker: the process ends and is started anew."""
    try:
        loop(stop)
    finally:
        if not stop.is_set():
            logger("checker").critical("loop_died")
            os.kill(os.getpid(), signal.SIGTERM)


def _engines(settings: Settings) -> InspectPorts:
    """The engines that the settings name; none where they cannot be had, and then everything is unknown, with that reason."""
    try:
        return inspect_ports(settings)
    except JianluError as error:
        logger("checker").critical("engines_absent", error=error)
        return InspectPorts()
