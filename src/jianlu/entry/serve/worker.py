"""The worker: a process that does what is due after a call, case by case, from the table of jobs (`runtime/jobs.py`).

It has no ledger of its own: it appends through the socket of the process that has it, which refuses a second writer of a case. Killed
at any step, it or another worker goes on from the case's own events. Several may run, on one home or on several machines.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from jianlu.core.errors import JianluError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.deliver.packages.write import package_path
from jianlu.entry.after_call import Say, run_after_call
from jianlu.entry.destroy_case import destroy_case
from jianlu.entry.reactions import reaction_to
from jianlu.entry.search_index import forget_destroyed
from jianlu.entry.serve.scrubbing import Scrubbing
from jianlu.runtime.jobs import Claim, Watch, enqueue, read_progress, run_next
from jianlu.runtime.logging import configure_logging, logger
from jianlu.runtime.settings import Settings, read_settings
from jianlu.runtime.stop_signal import Stopping, StopSignal
from jianlu.vault.case_log import open_case_log
from jianlu.vault.custody.burial import Burials
from jianlu.vault.custody.destruction import DESTRUCTION
from jianlu.vault.index import cases_with
from jianlu.wiring import Workbench, open_workbench

IDLE_S = 1.0
"""Between looks for work: how long a case may wait although a worker is free."""

WATCH_LOOKS = 5
"""Looks for work between looks for dead workers."""

FORGET_MS = 300_000
"""Between looks for cases that were destroyed: until then their words are in the search index, where nobody is shown them."""

FORGOTTEN_AFTER = timedelta(minutes=5)
"""Until then the process that had the session may still be about to enqueue it, and must be the only one that writes the case."""

NICENESS = 10
"""What comes after a call waits for whoever is in one: recorder and media get the processor first."""

WORKERS_MAX = 64
_PRIVATE_FOLDER_MODE = 0o700


def run_worker(home: Path, settings: Settings) -> int:
    """Do jobs until SIGTERM or SIGINT; then let go of the one in hand, which goes on later, and return 0."""
    stop = StopSignal()
    os.nice(NICENESS)
    with _own_name(home) as name, open_workbench(home) as bench, Scrubbing(home, settings, bench.vault):
        adopt_forgotten(home, settings.tenant.id, bench)
        work(home, settings.tenant.id, bench, worker=name, stop=stop)
    return 0


def adopt_forgotten(home: Path, tenant: str, bench: Workbench) -> int:
    """Enqueue calls that ended and were recorded, and have neither a package nor a job: the table of jobs was lost. Returns how many."""
    index, found, ended = bench.vault.index, 0, (EventType.SESSION_ENDED, EventType.RECORDING_ENDED)
    for case in cases_with(bench.vault, tenant_id(tenant), *ended, before=bench.vault.clock.now() - FORGOTTEN_AFTER):
        if not package_path(home, case).exists() and read_progress(index, case) is None:
            enqueue(index, case, {}, clock=bench.vault.clock)
            found += 1
    return found


def work(home: Path, tenant: str, bench: Workbench, *, worker: str, stop: Stopping) -> None:
    """Do jobs of `tenant` under the name `worker` until `stop` is set; a database that is away is waited for."""
    log = logger("worker")
    watch = Watch(bench.vault.index, bench.vault.clock)
    looks, now_ms = 0, bench.vault.clock.monotonic_ms
    forgets_at_ms, burials = now_ms(), Burials(bench.vault, tenant_id(tenant))

    def task(claim: Claim) -> None:
        log.info("job_started", case=claim.subject, attempt=claim.attempt)
        try:
            _work_on(claim, home, tenant, bench, stop)
        except Exception as error:
            log.warning("job_broke_off", case=claim.subject, attempt=claim.attempt, error=error)
            raise
        log.info("job_done", case=claim.subject, attempt=claim.attempt)

    while not stop.is_set():
        try:
            if looks % WATCH_LOOKS == 0:
                watch.release_dead()
            looks += 1
            if now_ms() >= forgets_at_ms:
                forgets_at_ms = now_ms() + FORGET_MS
                if gone := forget_destroyed(bench.vault, tenant_id(tenant)):
                    log.info("search_forgot", cases=gone)
                _bury(burials, bench, log)
            is_idle = not run_next(bench.vault.index, task, worker=worker, clock=bench.vault.clock)
        except UnavailableError:
            is_idle = True
        if is_idle:
            stop.wait(IDLE_S)


def _bury(burials: Burials, bench: Workbench, log: FilteringBoundLogger) -> None:
    """What came back of what was destroyed goes again; destructions that were started and have no job go on."""
    for unit in burials.turn():
        log.error("destroyed_evidence_came_back", unit=unit)
    for subject in burials.going_on:
        if read_progress(bench.vault.index, f"{DESTRUCTION}{subject}") is None:
            enqueue(bench.vault.index, f"{DESTRUCTION}{subject}", {}, clock=bench.vault.clock)


def _work_on(claim: Claim, home: Path, tenant: str, bench: Workbench, stop: Stopping) -> None:
    if claim.subject.startswith(DESTRUCTION):
        case, _, part = claim.subject.removeprefix(DESTRUCTION).partition("/")
        say = _say_to(claim, stop)
        destroy_case(case_ref(case), home=home, tenant=tenant_id(tenant), vault=bench.vault, say=say, part=part)
        return
    case = case_ref(claim.subject)
    destination = package_path(home, case)
    destination.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER_MODE)
    claim.report("inspect", 0, None)
    run_after_call(open_case_log(bench.vault, tenant_id(tenant), case), destination, bench, _say_to(claim, stop))


def _say_to(claim: Claim, stop: Stopping) -> Say:
    """Progress of the stages as the job's; the tracks of an inspection, which run beside each other, are added up."""
    tracks: dict[str, int] = {}

    def say(stage: str, done: int, due: int | None) -> None:
        if stop.is_set():
            raise UnavailableError("the worker was asked to stop: the job goes on with the next")
        kind, _, track = stage.partition(" ")
        if track and due is not None:
            tracks[track] = min(done, due)
            done, due = sum(tracks.values()), due * len(tracks)
        claim.report(kind, done, due)

    return say


@contextmanager
def _own_name(home: Path) -> Iterator[str]:
    """A name that no other process has: jobs left under it by a process that died are taken over at once."""
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER_MODE)
    for number in range(1, WORKERS_MAX + 1):
        handle = os.open(folder / f"worker-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            continue
        try:
            yield f"{socket.gethostname()[:48]}/{number}"
        finally:
            os.close(handle)
        return
    raise UnavailableError(f"{WORKERS_MAX} workers run in this home: let one end first")


def main(arguments: Sequence[str]) -> int:
    """`python -m jianlu.entry.serve.worker --home HOME`."""
    parser = argparse.ArgumentParser(description="Inspects, judges and packages recorded cases.")
    parser.add_argument("--home", type=Path, required=True, help="the home, made by `jianlu init`")
    home: Path = parser.parse_args(arguments).home
    configure_logging()
    try:
        return run_worker(home, read_settings(home))
    except JianluError as error:
        reaction = reaction_to(error)
        sys.stderr.write(f"{error}\n")
        return reaction.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
