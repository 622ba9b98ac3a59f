"""Durable jobs: one row each, claimed by one worker at a time, that survive the death of whoever does them.

A claim has a fencing number that grows with every attempt; a worker that was given up finds that its number is not the row's and
stops. Workers show that they live by a counter, which others watch on their own monotonic clocks: no two clocks are ever compared.
What a job does, and what of it is done, is not known here (`docs/decisions/0090-durable-jobs.md`).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, or_

from jianlu.core.errors import ConflictError, IntegrityError, JianluError, NotFoundError, UnavailableError
from jianlu.runtime.clock import Clock
from jianlu.runtime.database import transaction

BEAT_S = 2.0
"""How often a worker shows that it lives: ten times within `LEASE_MS`, so that a busy machine is not taken for a dead one."""

LEASE_MS = 20_000
"""How long a worker's counter may stand still before others take its job."""

FAILURES_MAX = 5
"""Attempts that may fail, or kill their worker, before a person must look. A peer that is away never counts."""

RETRY_MS_FIRST, RETRY_MS_MAX = 1_000, 60_000
"""Wait before the second attempt, doubled up to a minute."""

_REPORT_MS = 200
"""Progress within a stage is written at most this often."""

_ERROR_CHARACTERS_MAX = 500

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"

jobs_schema = sa.MetaData()
jobs = sa.Table(
    "jobs",
    jobs_schema,
    sa.Column("subject", sa.String(64), primary_key=True),
    sa.Column("parameters", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("stage", sa.String(64), nullable=False),
    sa.Column("done", sa.BigInteger, nullable=False),
    sa.Column("due", sa.BigInteger),
    sa.Column("error", sa.String(_ERROR_CHARACTERS_MAX), nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("worker", sa.String(64), nullable=False),
    sa.Column("beat", sa.BigInteger, nullable=False),
    sa.Column("not_before_ms", sa.BigInteger, nullable=False),
    sa.Column("enqueued_ms", sa.BigInteger, nullable=False),
    sa.Index("jobs_by_state", "state", "enqueued_ms"),
)


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is: `state` waiting, running, done or failed; `done` of `due` (None: unknown) in `stage`; `error` of the last attempt.

    A job that waits with an error is tried again by itself; a failed one when it is asked for again.
    """

    state: str
    stage: str
    done: int
    due: int | None
    error: str
    failures: int


def enqueue(engine: Engine, subject: str, parameters: Mapping[str, str], *, clock: Clock) -> None:
    """Have the job of `subject` done; durable on return. One that waits, runs or is done is left alone, a failed one is tried again."""
    fresh = {"state": WAITING, "failures": 0, "not_before_ms": 0, "parameters": json.dumps(dict(parameters))}
    with transaction(engine) as connection:
        state = _state_of(connection, subject)
        if state is None:
            row = {"subject": subject, "stage": "", "done": 0, "due": None, "error": "", "attempt": 0, "worker": "", "beat": 0}
            connection.execute(jobs.insert().values(**row, **fresh, enqueued_ms=_wall_ms(clock)))
        elif state == FAILED:
            connection.execute(jobs.update().where(jobs.c.subject == subject).values(**fresh, error=""))


def read_progress(engine: Engine, subject: str) -> JobProgress | None:
    """How far the job of `subject` is; None when there never was one."""
    return progress_of(engine, [subject]).get(subject)


def progress_of(engine: Engine, subjects: Sequence[str]) -> dict[str, JobProgress]:
    """How far the jobs of these subjects are, a list's worth of them at most; those that there never were are left out."""
    columns = (jobs.c.subject, jobs.c.state, jobs.c.stage, jobs.c.done, jobs.c.due, jobs.c.error, jobs.c.failures)
    with transaction(engine, writes=False) as connection:
        found = connection.execute(sa.select(*columns).where(jobs.c.subject.in_(subjects)))
        return {subject: JobProgress(*progress) for subject, *progress in found}


@dataclass(frozen=True, slots=True)
class Job:
    """A job as lists show it."""

    subject: str
    progress: JobProgress
    enqueued_ms: int


def list_jobs(engine: Engine, *, limit: int = 200) -> list[Job]:
    """The jobs that are not done, failed ones first, then those that have waited longest; at most `limit`."""
    columns = (
        jobs.c.subject,
        jobs.c.enqueued_ms,
        jobs.c.state,
        jobs.c.stage,
        jobs.c.done,
        jobs.c.due,
        jobs.c.error,
        jobs.c.failures,
    )
    failed_first = sa.case((jobs.c.state == FAILED, 0), else_=1)
    query = (
        sa.select(*columns).where(jobs.c.state != DONE).order_by(failed_first, jobs.c.enqueued_ms, jobs.c.subject).limit(limit)
    )
    with transaction(engine, writes=False) as connection:
        return [Job(subject, JobProgress(*progress), at) for subject, at, *progress in connection.execute(query)]


def retry_job(engine: Engine, subject: str, *, clock: Clock) -> bool:
    """Have a failed job tried again; False when there is none that failed."""
    progress = read_progress(engine, subject)
    if progress is None or progress.state != FAILED:
        return False
    enqueue(engine, subject, {}, clock=clock)
    return True


class Claim:
    """One attempt at one job. Every method raises ConflictError once another worker has the job."""

    def __init__(self, engine: Engine, subject: str, parameters: Mapping[str, str], attempt: int, clock: Clock) -> None:
        self.subject = subject
        self.parameters = parameters
        self.attempt = attempt
        self._engine = engine
        self._clock = clock
        self._reported: tuple[str, int] = ("", 0)
        self._lock = threading.Lock()
        self.is_lost = False

    def report(self, stage: str, done: int, due: int | None) -> None:
        """Say how far the job is; may be called often and from several threads."""
        with self._lock:
            self._require_own()
            now_ms, (last, at_ms) = self._clock.monotonic_ms(), self._reported
            if stage == last and now_ms - at_ms < _REPORT_MS and done != due:
                return
            self._reported = (stage, now_ms)
        self._write(stage=stage, done=done, due=due)

    def beat(self) -> None:
        """Show that this worker lives."""
        self._write(beat=jobs.c.beat + 1)

    def finish(self, stage: str = DONE) -> None:
        """The job is done."""
        self._write(state=DONE, stage=stage, done=1, due=1, error="", worker="")

    def give_back(self, error: str, *, is_final: bool, counts: bool = True) -> None:
        """The attempt failed: tried again later by whoever is free, or, when final or too often, left for a person."""
        with transaction(self._engine) as connection:
            failures = self._failures(connection) + counts
            is_failed = is_final or failures >= FAILURES_MAX
            wait_ms = min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** min(failures - counts, 10))
            values: dict[str, Any] = {"state": FAILED if is_failed else WAITING, "failures": failures, "worker": ""}
            values["not_before_ms"] = _wall_ms(self._clock) + wait_ms
            self._update(connection, {**values, "error": error[:_ERROR_CHARACTERS_MAX]})

    def _failures(self, connection: Connection) -> int:
        found = connection.execute(sa.select(jobs.c.failures).where(jobs.c.subject == self.subject)).scalar_one_or_none()
        return int(found or 0)

    def _write(self, **values: Any) -> None:
        with transaction(self._engine) as connection:
            self._update(connection, values)

    def _update(self, connection: Connection, values: Mapping[str, Any]) -> None:
        own = (jobs.c.subject == self.subject, jobs.c.attempt == self.attempt, jobs.c.state == RUNNING)
        if connection.execute(jobs.update().where(*own).values(**values)).rowcount != 1:
            self.is_lost = True
        self._require_own()

    def _require_own(self) -> None:
        if self.is_lost:
            raise ConflictError("another worker has this job now: leave it")


def claim_next(engine: Engine, worker: str, *, clock: Clock) -> Claim | None:
    """The job that has waited longest and may be tried now, claimed; None when there is none.

    Jobs that ran under the same `worker` name are taken over at once: only one process has a name at a time.
    """
    now_ms = _wall_ms(clock)
    is_due = or_(
        jobs.c.not_before_ms <= now_ms, jobs.c.not_before_ms > now_ms + RETRY_MS_MAX
    )  # the latter: the clock was set back
    is_open = or_((jobs.c.state == WAITING) & is_due, (jobs.c.state == RUNNING) & (jobs.c.worker == worker))
    wanted = sa.select(jobs).where(is_open).order_by(jobs.c.enqueued_ms, jobs.c.subject).limit(1)
    with transaction(engine, writes=False) as connection:
        if connection.execute(wanted.with_only_columns(jobs.c.subject)).one_or_none() is None:
            return None  # the usual answer: no lock is taken for it, on which a live call might wait
    with transaction(engine) as connection:
        row = connection.execute(wanted.with_for_update(skip_locked=True)).mappings().one_or_none()
        if row is None:
            return None
        failures = row["failures"] + (row["state"] == RUNNING)
        is_given_up = failures >= FAILURES_MAX
        values = {"failures": failures, "attempt": row["attempt"] + 1, "beat": 0}
        values |= _died() if is_given_up else {"state": RUNNING, "worker": worker}
        connection.execute(jobs.update().where(jobs.c.subject == row["subject"]).values(**values))
    if is_given_up:
        return claim_next(engine, worker, clock=clock)
    return Claim(engine, row["subject"], json.loads(row["parameters"]), row["attempt"] + 1, clock)


class Watch:
    """Finds jobs whose worker no longer shows that it lives, and lets others have them."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._seen: dict[str, tuple[tuple[int, int], int]] = {}

    def release_dead(self) -> int:
        """Look once; returns how many jobs were released. A worker is dead when its counter stood still between looks for `LEASE_MS`."""
        now_ms = self._clock.monotonic_ms()
        columns = (jobs.c.subject, jobs.c.attempt, jobs.c.beat, jobs.c.failures)
        with transaction(self._engine, writes=False) as connection:
            running = connection.execute(sa.select(*columns).where(jobs.c.state == RUNNING)).all()
        seen = {}
        released = 0
        for subject, attempt, beat, failures in running:
            sign, since_ms = self._seen.get(subject, (None, now_ms))
            seen[subject] = ((attempt, beat), since_ms if sign == (attempt, beat) else now_ms)
            if sign == (attempt, beat) and now_ms - since_ms >= LEASE_MS:
                released += self._release(subject, attempt, beat, failures + 1)
        self._seen = seen
        return released

    def _release(self, subject: str, attempt: int, beat: int, failures: int) -> int:
        same = (jobs.c.subject == subject, jobs.c.attempt == attempt, jobs.c.beat == beat, jobs.c.state == RUNNING)
        values = {"failures": failures, "attempt": attempt + 1, **(_died() if failures >= FAILURES_MAX else {"state": WAITING})}
        with transaction(self._engine) as connection:
            return connection.execute(jobs.update().where(*same).values(**values, worker="", not_before_ms=0)).rowcount


def run_next(engine: Engine, task: Callable[[Claim], None], *, worker: str, clock: Clock) -> bool:
    """Claim one job and do it, once; returns whether there was one. Whatever `task` raises is written to the job, not raised.

    UnavailableError leaves when the database itself is away.
    """
    claim = claim_next(engine, worker, clock=clock)
    if claim is None:
        return False
    try:
        with _beating(claim):
            try:
                task(claim)
            except UnavailableError as error:
                claim.give_back(str(error), is_final=False, counts=False)
            except JianluError as error:
                claim.give_back(str(error), is_final=isinstance(error, IntegrityError | NotFoundError))
            except Exception as error:  # noqa: BLE001 - a defect in one case must not stop the worker for all others
                claim.give_back(f"the work broke off ({type(error).__name__}): look into the worker's log", is_final=False)
            else:
                claim.finish()
    except ConflictError:
        pass  # another worker has it
    return True


@contextmanager
def _beating(claim: Claim) -> Iterator[None]:
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(BEAT_S):
            try:
                claim.beat()
            except ConflictError:
                return
            except UnavailableError:
                continue  # the database is away: others cannot take the job from it either

    thread = threading.Thread(target=beat, name="job-beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _state_of(connection: Connection, subject: str) -> str | None:
    found = connection.execute(sa.select(jobs.c.state).where(jobs.c.subject == subject)).scalar_one_or_none()
    return None if found is None else str(found)


def _died() -> dict[str, str]:
    error = f"the worker died {FAILURES_MAX} times at this: look into its log and the machine's memory, then ask again"
    return {"state": FAILED, "error": error, "worker": ""}


def _wall_ms(clock: Clock) -> int:
    return int(clock.now().timestamp() * 1000)
