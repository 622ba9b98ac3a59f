"""The checker as a process of a real service: known while it answers, said when it hangs or dies, and nobody else notices."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import UnavailableError
from jianlu.entry.live_demo import SALE
from tests.fakes.eventually import eventually
from tests.fakes.running_home import RunningHome, approve_scripts, running_home

pytestmark = pytest.mark.slow

NO_ENGINES = {
    'speech = "faster-whisper"': 'speech = "none"',
    'voice = "silero"': 'voice = "none"',
    'faces = "yunet"': 'faces = "none"',
    "during_call = true": "during_call = true",
}
LOOKS = 1_200


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    with running_home(Path(tmp_path_factory.mktemp("checker")) / "home", replaced=NO_ENGINES) as running:
        approve_scripts(running)
        yield running


@pytest.fixture(scope="module")
def case(home: RunningHome) -> str:
    return new_case(home, "checked-1")


def new_case(home: RunningHome, number: str) -> str:
    """A case; the service may still be starting."""

    def made() -> str:
        try:
            return str(home.as_staff("lin").call("POST", "/api/v1/cases", {**SALE, "number": number})["case"])
        except UnavailableError:
            return ""

    return eventually(made, "a case", looks=LOOKS)


def checks(home: RunningHome, case: str) -> dict[str, Any]:
    return dict(home.as_staff("lin").call("GET", f"/api/v1/cases/{case}/session")["checks"])


def checker_of(home: RunningHome) -> int:
    return eventually(lambda: home.children().get("checker"), "the checker runs", looks=LOOKS) or 0


def test_a_checker_that_hangs_is_away_and_back_when_it_goes_on(home: RunningHome, case: str) -> None:
    eventually(lambda: checks(home, case)["state"] == "on", "the checker is heard", looks=LOOKS)
    pid = checker_of(home)
    os.kill(pid, signal.SIGSTOP)
    try:
        eventually(lambda: checks(home, case)["state"] == "away", "the hanging checker is away", looks=LOOKS)
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: checks(home, case)["state"] == "on", "it is back", looks=LOOKS)
    assert home.children()["checker"] == pid, "hanging is no reason to be killed: what it was at goes on"


def test_a_killed_checker_is_started_again_and_the_others_go_on(home: RunningHome, case: str) -> None:
    before = {role: pid for role, pid in home.children().items() if role != "checker"}
    first = checker_of(home)
    os.kill(first, signal.SIGSTOP)
    eventually(
        lambda: checks(home, case)["state"] == "away",
        "what is heard next is the new one",
        looks=LOOKS,
    )
    os.kill(first, signal.SIGKILL)
    eventually(lambda: home.children().get("checker") not in (None, first), "a new checker runs", looks=LOOKS)
    eventually(lambda: checks(home, case)["state"] == "on", "it is heard", looks=LOOKS)
    assert {role: home.children().get(role) for role in before} == before


def test_it_is_niced_behind_whoever_is_in_the_call(home: RunningHome) -> None:
    def niceness(pid: int) -> int:
        return os.getpriority(os.PRIO_PROCESS, pid)

    children = home.children()
    assert eventually(lambda: niceness(checker_of(home)) > niceness(children["web"]), "it is niced", looks=LOOKS)
    assert niceness(checker_of(home)) < niceness(children["worker"])


def test_a_home_that_switches_it_off_has_no_such_process(tmp_path: Path) -> None:
    with running_home(tmp_path / "home") as running:
        approve_scripts(running)
        case = new_case(running, "unchecked-1")
        assert checks(running, case)["state"] == "off"
        assert "checker" not in running.children()
