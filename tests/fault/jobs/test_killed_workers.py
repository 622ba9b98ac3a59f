"""A worker killed at any step of the work after a call: the next one completes it, and nothing is done twice or lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from jianlu.core.errors import ConflictError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, derive_case_ref, tenant_id
from jianlu.deliver.packages.write import package_path
from jianlu.entry.after_call import run_after_call
from jianlu.entry.serve.worker import adopt_forgotten
from jianlu.runtime.database import transaction
from jianlu.runtime.jobs import FAILURES_MAX, enqueue, jobs, read_progress, run_next
from jianlu.vault.case_log import open_case_log
from jianlu.vault.keys import tenant_secret
from jianlu.verify.check import check_package
from jianlu.wiring import Home, Workbench, open_home, open_workbench
from tests.fakes.jobs.recorded_home import make_recorded_home, serve_home
from tests.fakes.live_course import seal_course
from tests.fakes.quiet_home import TENANT, make_quiet_home

DEATHS_A_JOB = FAILURES_MAX - 1
ONCE = (EventType.FINDINGS_RECORDED, EventType.RETENTION_SET, EventType.VERDICTS_JUDGED, EventType.CASE_CLOSED)


def _steps(home: Path, case: CaseRef) -> list[str]:
    """The events that the work after the call will append, by their number in the case, and the package."""
    with serve_home(home) as opened:
        first = open_case_log(opened.vault, tenant_id(TENANT), case).next_n
        outcomes = _work(opened, case, [])
        assert not outcomes[-1]["killed"]
        last = open_case_log(opened.vault, tenant_id(TENANT), case).next_n
    assert last - first >= 10
    return [*(str(n) for n in range(first, last)), "package"]


def _work(opened: Home, case: CaseRef, kills: Sequence[str]) -> list[dict[str, object]]:
    enqueue(opened.vault.index, case, {}, clock=opened.vault.clock)
    command = [sys.executable, "-m", "tests.fault.jobs.kill_driver", str(opened.path), TENANT, case, *kills]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _check_done_once(opened: Home, case: CaseRef) -> None:
    progress = read_progress(opened.vault.index, case)
    assert progress is not None and (progress.state, progress.stage) == ("done", "done"), progress
    log = open_case_log(opened.vault, tenant_id(TENANT), case)
    names = Counter((e.type, e.body.get("inspector", e.body.get("part", ""))) for e in log.events if e.type in ONCE)
    assert set(names.values()) == {1} and len(names) >= 10
    assert log.events[-1].type is EventType.CASE_CLOSED
    package = package_path(opened.path, case)
    result = check_package(package)
    assert result.is_intact, result.problems
    assert sorted(package.parent.glob(f".{case}*")) == []


@pytest.mark.parametrize(
    ("moment", "every"), [("after", 2), *(pytest.param(each, 1, marks=pytest.mark.thorough) for each in ("after", "before"))]
)
def test_a_worker_killed_at_every_step_is_replaced_and_nothing_is_done_twice(tmp_path: Path, moment: str, every: int) -> None:
    """Killed at each, or at every other, of the steps that a whole run takes."""
    share = 4 // every
    home, cases = make_recorded_home(tmp_path, [f"call-{number}" for number in range(2 + share)])
    kills = [f"{moment}:{step}" for step in _steps(home, cases[0])[::every]]
    batches = [kills[start::share] for start in range(share)]
    assert all(len(batch) <= DEATHS_A_JOB for batch in batches)
    with serve_home(home) as opened:
        for case, batch in zip(cases[1:], batches, strict=False):
            outcomes = _work(opened, case, batch)
            assert [outcome["killed"] for outcome in outcomes] == [True] * len(batch) + [False]
            _check_done_once(opened, case)


def test_a_worker_that_was_paused_cannot_write_on_when_another_has_taken_over(tmp_path: Path) -> None:
    """The ledger's keeper refuses it, whatever it believes: a case's chain has one writer at a time."""
    home, (case,) = make_recorded_home(tmp_path, ["call-1"])
    with serve_home(home) as opened, open_workbench(home) as bench:
        paused = open_case_log(bench.vault, tenant_id(TENANT), case)
        _work(opened, case, [])
        for late, why in (
            (EventType.RETENTION_SET, "another process went on"),
            (EventType.CASE_CLOSED, "open the case's log again"),
        ):
            with pytest.raises(ConflictError, match=why):
                paused.append(late, {"events": paused.next_n + 1})
        _check_done_once(opened, case)


def test_a_worker_whose_ledger_is_away_waits_and_goes_on(tmp_path: Path) -> None:
    home, (case,) = make_recorded_home(tmp_path, ["call-1"])
    with open_home(home) as opened:
        enqueue(opened.vault.index, case, {}, clock=opened.vault.clock)
    with open_workbench(home) as bench:
        assert run_next(bench.vault.index, lambda _: _open_case(bench, case), worker="host/1", clock=bench.vault.clock)
        progress = read_progress(bench.vault.index, case)
    assert progress is not None
    assert (progress.state, progress.failures) == ("waiting", 0) and "ledger.sock does not answer" in progress.error
    with serve_home(home) as opened:
        _work(opened, case, [])
        _check_done_once(opened, case)


def _open_case(bench: Workbench, case: CaseRef) -> None:
    open_case_log(bench.vault, tenant_id(TENANT), case)


def test_a_case_whose_recording_has_not_ended_fails_with_the_next_step_said(tmp_path: Path) -> None:
    home = make_quiet_home(tmp_path / "home")
    with serve_home(home) as opened:
        case = derive_case_ref(tenant_secret(opened.vault, tenant_id(TENANT)), "nothing-recorded")
        enqueue(opened.vault.index, case, {}, clock=opened.vault.clock)
        with open_workbench(home) as bench:
            log = open_case_log(bench.vault, tenant_id(TENANT), case)
            with pytest.raises(ConflictError, match="end the session"):
                run_after_call(log, package_path(home, case), bench, lambda *_: None)


def test_several_workers_share_the_cases_and_end_when_they_are_asked(tmp_path: Path) -> None:
    """The program itself: two processes, three cases, each done once; SIGTERM ends them with 0."""
    home, cases = make_recorded_home(tmp_path, ["call-1", "call-2", "call-3"])
    command = [sys.executable, "-m", "jianlu.entry.serve.worker", "--home", str(home)]
    with serve_home(home) as opened:
        for case in cases:
            enqueue(opened.vault.index, case, {}, clock=opened.vault.clock)
        workers = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]
        try:
            _wait_until_done(opened, cases)
        finally:
            for worker in workers:
                worker.send_signal(signal.SIGTERM)
        assert [worker.wait(timeout=30) for worker in workers] == [0, 0]
        for case in cases:
            _check_done_once(opened, case)


@pytest.mark.thorough
def test_a_lost_table_of_jobs_loses_no_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is to be done follows from the evidence: calls that ended and have no package are taken up again."""
    home, (case,) = make_recorded_home(tmp_path, ["call-1"], course=seal_course)
    with serve_home(home) as opened, open_workbench(home) as bench:
        assert adopt_forgotten(home, TENANT, bench) == 0, "who had the session may still be about to enqueue it"
        monkeypatch.setattr("jianlu.entry.serve.worker.FORGOTTEN_AFTER", timedelta(0))
        assert adopt_forgotten(home, TENANT, bench) == 1
        assert adopt_forgotten(home, TENANT, bench) == 0
        _work(opened, case, [])
        _check_done_once(opened, case)
        with transaction(opened.vault.index) as connection:
            connection.execute(jobs.delete())
        assert adopt_forgotten(home, TENANT, bench) == 0


def _wait_until_done(opened: Home, cases: Sequence[CaseRef]) -> None:
    pause = threading.Event()
    for _ in range(1200):
        found = [read_progress(opened.vault.index, case) for case in cases]
        if all(progress is not None and progress.state == "done" for progress in found):
            return
        pause.wait(0.1)
    raise AssertionError("the workers did not finish")
