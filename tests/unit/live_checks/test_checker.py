"""The checker's loops: what it does when the web process is away, when engines or segments fail, and when it is told to stop."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from jianlu.core.errors import IntegrityError, UnavailableError
from jianlu.entry.live_check import CaseAtHand
from jianlu.entry.serve.checker import Checker, leave_in_time
from jianlu.process.inspectors.ports import InspectPorts

CASE = {
    "case": "c" + "a" * 26,
    "is_live": True,
    "recorded_until_ms": 9_000,
    "attempts": [{"step": "a", "attempt": 1, "is_done": True, "from_ms": 0, "to_ms": 8_000}],
}


class ToldDesk:
    """A web process that says what a test wants, or is away."""

    def __init__(self) -> None:
        self.cases: list[dict[str, Any]] = []
        self.is_expected = False
        self.is_away = False
        self.calls: list[str] = []
        self.busy_ms: list[int] = []

    def call(self, method: str, fields: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        if self.is_away:
            raise UnavailableError("away")
        self.calls.append(method)
        self.busy_ms += [fields["busy_ms"]] if "busy_ms" in fields else []
        return {"cases": self.cases, "is_expected": self.is_expected}, b""


def broken(_: str) -> CaseAtHand:
    raise IntegrityError("a segment is not the one in the ledger")


@pytest.fixture
def desk() -> ToldDesk:
    return ToldDesk()


def test_engines_are_loaded_once_and_not_before_a_talk_may_begin(desk: ToldDesk) -> None:
    loaded: list[int] = []

    def load() -> InspectPorts:
        loaded.append(1)
        return InspectPorts()

    checker = Checker(desk, load, broken)
    checker.ask_once()
    assert not checker.look_once() and loaded == []
    desk.is_expected = True
    checker.ask_once()
    assert checker.look_once() and not checker.look_once()
    assert loaded == [1]


def test_a_load_that_takes_long_is_told_as_any_work_that_does(desk: ToldDesk) -> None:
    desk.is_expected = True

    def load() -> InspectPorts:
        checker.ask_once()
        return InspectPorts()

    checker = Checker(desk, load, broken, now_ms=iter(range(0, 10**9, 1_000)).__next__)
    checker.ask_once()
    checker.look_once()
    checker.ask_once()
    assert [busy > 0 for busy in desk.busy_ms] == [False, True, False]


def test_evidence_that_does_not_open_ends_a_look_and_not_the_checker(desk: ToldDesk) -> None:
    desk.is_expected, desk.cases = True, [CASE]
    checker = Checker(desk, InspectPorts, broken)
    checker.ask_once()
    assert checker.look_once() and checker.look_once()
    assert not checker.look_once(), "what failed is not tried again at once"
    checker.glance_once()
    assert desk.calls == ["watched"], "nothing was reported of it: it stays unknown"


def test_while_the_web_process_is_away_nothing_is_looked_at(desk: ToldDesk) -> None:
    desk.is_expected, desk.cases = True, [CASE]
    checker = Checker(desk, InspectPorts, broken)
    checker.ask_once()
    desk.is_away = True
    checker.ask_once()
    assert not checker.look_once()


def test_told_to_stop_it_leaves_in_the_middle_of_a_look() -> None:
    stop, ended = threading.Event(), threading.Event()
    left: list[int] = []
    stop.set()
    leave_in_time(stop, ended, left.append, grace_s=0.01)
    assert left == [0]
    ended.set()
    leave_in_time(stop, ended, left.append, grace_s=0.01)
    assert left == [0]
