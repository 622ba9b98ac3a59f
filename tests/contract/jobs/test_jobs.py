"""Durable jobs: done once, by one worker at a time, whoever dies meanwhile; on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine

from jianlu.core.errors import ConflictError, IntegrityError, UnavailableError
from jianlu.runtime.jobs import (
    FAILURES_MAX,
    LEASE_MS,
    RETRY_MS_FIRST,
    Claim,
    JobProgress,
    Watch,
    claim_next,
    enqueue,
    jobs_schema,
    read_progress,
    run_next,
)
from tests.fakes.vault.memory import SteppingClock

WORKERS = 3
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


def _claim(engine: Engine, clock: SteppingClock, worker: str = "one") -> Claim:
    claim = claim_next(engine, worker, clock=clock)
    assert claim is not None
    return claim


def _progress(engine: Engine, subject: str = "case") -> JobProgress:
    progress = read_progress(engine, subject)
    assert progress is not None
    return progress


def test_the_table_is_the_migrations_table(engine: Engine) -> None:
    def only_jobs(thing: object, name: str | None, kind: str, *_: object) -> bool:
        return kind != "table" or name == "jobs"

    options = {"compare_type": True, "include_object": only_jobs}
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), jobs_schema) == []


def test_a_job_is_done_once(engine: Engine, clock: SteppingClock) -> None:
    done: list[tuple[str, str]] = []
    enqueue(engine, "case", {"reason": "ended"}, clock=clock)
    enqueue(engine, "case", {"reason": "asked again"}, clock=clock)
    for _ in range(3):
        run_next(engine, lambda claim: done.append((claim.subject, claim.parameters["reason"])), worker="one", clock=clock)
    enqueue(engine, "case", {}, clock=clock)
    assert not run_next(engine, lambda claim: done.append((claim.subject, "")), worker="one", clock=clock)
    assert done == [("case", "ended")]
    assert _progress(engine) == JobProgress("done", "done", 1, 1, "", 0)
    assert read_progress(engine, "another") is None


def test_the_oldest_job_comes_first(engine: Engine, clock: SteppingClock) -> None:
    for subject in ("zebra", "ape"):
        enqueue(engine, subject, {}, clock=clock)
    assert [_claim(engine, clock).subject, _claim(engine, clock, "two").subject] == ["zebra", "ape"]


def test_a_job_is_claimed_by_one_worker(engine: Engine, clock: SteppingClock) -> None:
    enqueue(engine, "case", {}, clock=clock)
    found: list[Claim | None] = []
    workers = [
        threading.Thread(target=lambda n=n: found.append(claim_next(engine, f"worker-{n}", clock=clock))) for n in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 8 and sum(claim is not None for claim in found) == 1


def test_several_workers_do_different_jobs_at_once_and_each_job_once(engine: Engine, clock: SteppingClock) -> None:
    for number in range(2 * WORKERS):
        enqueue(engine, f"case-{number}", {}, clock=clock)
    together, lock = threading.Barrier(WORKERS), threading.Lock()
    done: list[tuple[str, str]] = []

    def work(worker: str) -> None:
        def task(claim: Claim) -> None:
            together.wait(60)  # goes on only while every other worker has a job in hand too
            with lock:
                done.append((worker, claim.subject))

        for _ in range(2):
            while not run_next(engine, task, worker=worker, clock=clock):
                pass  # others were claiming: there is one for each

    threads = [threading.Thread(target=work, args=(f"worker-{number}",)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(subject for _, subject in done) == [f"case-{number}" for number in range(2 * WORKERS)]
    assert Counter(worker for worker, _ in done) == {f"worker-{number}": 2 for number in range(WORKERS)}
    assert {_progress(engine, f"case-{number}").state for number in range(2 * WORKERS)} == {"done"}
    assert not run_next(engine, lambda _: None, worker="late", clock=clock)


def test_progress_is_told_while_it_runs(engine: Engine, clock: SteppingClock) -> None:
    enqueue(engine, "case", {}, clock=clock)
    assert _progress(engine).state == "waiting"
    claim = _claim(engine, clock)
    claim.report("inspect", 3, 10)
    assert _progress(engine) == JobProgress("running", "inspect", 3, 10, "", 0)
    claim.report("judge", 0, None)
    assert _progress(engine).stage == "judge" and _progress(engine).due is None


def test_a_failed_attempt_waits_longer_each_time_and_then_for_a_person(engine: Engine, clock: SteppingClock) -> None:
    enqueue(engine, "case", {}, clock=clock)
    for failures in range(1, FAILURES_MAX):
        _claim(engine, clock).give_back("the disk is full", is_final=False)
        assert _progress(engine) == JobProgress("waiting", "", 0, None, "the disk is full", failures)
        assert claim_next(engine, "one", clock=clock) is None
        clock.moment += timedelta(milliseconds=RETRY_MS_FIRST * 2 ** (failures - 1))
    _claim(engine, clock).give_back("the disk is full", is_final=False)
    clock.moment += A_MINUTE
    assert claim_next(engine, "one", clock=clock) is None
    assert (_progress(engine).state, _progress(engine).error) == ("failed", "the disk is full")
    enqueue(engine, "case", {}, clock=clock)
    assert _claim(engine, clock).subject == "case"


def test_a_peer_that_is_away_never_fails_a_job(engine: Engine, clock: SteppingClock) -> None:
    enqueue(engine, "case", {}, clock=clock)

    def ledger_is_away(_: Claim) -> None:
        raise UnavailableError("the process behind ledger.sock does not answer")

    for _ in range(3 * FAILURES_MAX):
        assert run_next(engine, ledger_is_away, worker="one", clock=clock)
        clock.moment += A_MINUTE
    assert (_progress(engine).state, _progress(engine).failures) == ("waiting", 0)
    assert "ledger.sock" in _progress(engine).error


@pytest.mark.parametrize(
    ("error", "state", "told"),
    [
        (IntegrityError("a sealed object does not open"), "failed", "a sealed object does not open"),
        (ConflictError("the recording has not ended"), "waiting", "the recording has not ended"),
        (RuntimeError("Frau Li, 138..."), "waiting", "the work broke off (RuntimeError)"),
    ],
)
def test_an_error_is_told_without_personal_words(
    engine: Engine, clock: SteppingClock, error: Exception, state: str, told: str
) -> None:
    enqueue(engine, "case", {}, clock=clock)

    def breaks(_: Claim) -> None:
        raise error

    assert run_next(engine, breaks, worker="one", clock=clock)
    assert _progress(engine).state == state and _progress(engine).error.startswith(told)
    assert "Frau" not in _progress(engine).error


def test_a_worker_that_died_is_replaced_when_its_counter_stands_still(engine: Engine, clock: SteppingClock) -> None:
    enqueue(engine, "case", {}, clock=clock)
    dead = _claim(engine, clock)
    watch = Watch(engine, clock)
    assert watch.release_dead() == 0
    clock.moment += timedelta(milliseconds=LEASE_MS - 100)
    assert watch.release_dead() == 0
    clock.moment += timedelta(milliseconds=200)
    assert watch.release_dead() == 1
    other = _claim(engine, clock, "two")
    assert other.attempt > dead.attempt
    assert _progress(engine).failures == 1


def test_a_worker_that_shows_signs_of_life_keeps_its_job(engine: Engine, clock: SteppingClock) -> None:
    enqueue(engine, "case", {}, clock=clock)
    claim = _claim(engine, clock)
    watch = Watch(engine, clock)
    for _ in range(5):
        watch.release_dead()
        clock.moment += timedelta(milliseconds=LEASE_MS - 1000)
        claim.beat()
    assert watch.release_dead() == 0
    claim.finish()


def test_a_worker_that_was_given_up_can_do_nothing_more(engine: Engine, clock: SteppingClock) -> None:
    enqueue(engine, "case", {}, clock=clock)
    paused = _claim(engine, clock)
    watch = Watch(engine, clock)
    watch.release_dead()
    clock.moment += timedelta(milliseconds=LEASE_MS)
    watch.release_dead()
    other = _claim(engine, clock, "two")
    other.report("judge", 0, 1)
    with pytest.raises(ConflictError, match="another worker"):
        paused.report("inspect", 1, 9)
    with pytest.raises(ConflictError, match="another worker"):
        paused.beat()
    with pytest.raises(ConflictError, match="another worker"):
        paused.finish()
    with pytest.raises(ConflictError, match="another worker"):
        paused.give_back("too late", is_final=True)
    assert (_progress(engine).state, _progress(engine).stage, _progress(engine).error) == ("running", "judge", "")
    other.finish()
    assert _progress(engine).state == "done"


def test_a_restarted_worker_takes_its_own_job_up_at_once(engine: Engine, clock: SteppingClock) -> None:
    enqueue(engine, "case", {}, clock=clock)
    before = _claim(engine, clock, "host/1")
    assert claim_next(engine, "host/2", clock=clock) is None
    assert _claim(engine, clock, "host/1").attempt == before.attempt + 1


def test_a_job_that_kills_every_worker_is_left_for_a_person(engine: Engine, clock: SteppingClock) -> None:
    for subject in ("deadly", "harmless"):
        enqueue(engine, subject, {}, clock=clock)
    killed = 0
    while _claim(engine, clock, "host/1").subject == "deadly":
        killed += 1
    assert killed == FAILURES_MAX
    assert _progress(engine, "deadly").state == "failed" and "died" in _progress(engine, "deadly").error


def test_a_clock_that_was_set_back_delays_no_job(engine: Engine, clock: SteppingClock) -> None:
    enqueue(engine, "case", {}, clock=clock)
    _claim(engine, clock).give_back("once", is_final=False)
    clock.moment -= timedelta(days=300)
    assert claim_next(engine, "one", clock=clock) is not None
