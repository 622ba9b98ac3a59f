"""The breaker: a process that hangs is waited for once, one that is away or refuses is asked each time."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from jianlu.backends.recorders.client import RecorderClient
from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from jianlu.core.errors import ConflictError, JianluError, UnavailableError
from jianlu.runtime.breaker import REST_S, Breaker


class Asked:
    """A process: how often it was asked, and what it does then."""

    def __init__(self, *answers: str | JianluError) -> None:
        self.answers, self.count, self.second = list(answers), 0, 0.0

    def __call__(self) -> str:
        self.count += 1
        answer = self.answers.pop(0)
        if isinstance(answer, JianluError):
            raise answer
        return answer


def timed_out() -> UnavailableError:
    error = UnavailableError("it does not answer")
    error.__cause__ = TimeoutError()
    return error


def test_whoever_let_a_call_time_out_is_left_alone_for_a_moment() -> None:
    asked = Asked(timed_out(), "well")
    breaker = Breaker(now=lambda: asked.second)
    for _ in range(5):
        with pytest.raises(UnavailableError):
            breaker.call(asked)
    assert asked.count == 1
    asked.second = REST_S
    assert breaker.call(asked) == "well"


def test_who_is_away_or_refuses_is_asked_each_time() -> None:
    asked = Asked(UnavailableError("nobody listens"), ConflictError("not now"), "well")
    breaker = Breaker(now=lambda: asked.second)
    for family in (UnavailableError, ConflictError):
        with pytest.raises(family):
            breaker.call(asked)
    assert breaker.call(asked) == "well"


def test_a_call_that_may_take_long_says_nothing_of_the_process() -> None:
    asked = Asked(timed_out(), "well", timed_out())
    breaker = Breaker(now=lambda: asked.second)
    with pytest.raises(UnavailableError):
        breaker.call(asked, is_quick=False)
    assert breaker.call(asked) == "well"
    for is_quick in (True, False):
        with pytest.raises(UnavailableError):
            breaker.call(asked, is_quick=is_quick)
    assert asked.count == 3, "and it is not made to a process that is left alone"


@pytest.fixture
def hung(tmp_path: Path) -> Path:
    """A process that takes calls and never answers; how many it took is the backlog's."""
    return tmp_path / "hung.sock"


@pytest.mark.parametrize("who", ["recorder", "media"])
def test_a_process_that_takes_calls_and_never_answers_is_called_once(hung: Path, who: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(hung))
        listening.listen(16)
        process = RecorderClient(hung, patience_s=0.05) if who == "recorder" else EmbeddedRooms([hung], patience_s=0.05)
        for _ in range(4):
            with pytest.raises(UnavailableError):
                process.status("c" + "a2" * 13)
        listening.setblocking(False)
        listening.accept()[0].close()
        with pytest.raises(BlockingIOError):
            listening.accept()
