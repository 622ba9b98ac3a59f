"""Workers that are killed by SIGKILL at chosen steps, one after another, on one job, and a last one that is left alone.

`python -m tests.fault.jobs.kill_driver HOME TENANT CASE KILL...`: a kill is `before:N` or `after:N` (the worker's append of the case's
event N), `before:package` or `after:package` (the renaming of the package into place). Prints one JSON line for each worker: whether
it was killed. A program of its own, without threads, so that it may fork.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from jianlu.backends.events.ledger_socket import LedgerSocket
from jianlu.core.formats.event import parse_event
from jianlu.entry.serve.worker import work
from jianlu.runtime.jobs import read_progress
from jianlu.runtime.logging import configure_logging
from jianlu.wiring import Workbench, open_workbench

WORKER = "host/1"
LOOK_S = 0.05


def arrange(kill: str) -> None:
    """From now on this process dies at the step that `kill` names."""
    when, _, step = kill.partition(":")

    def die(moment: str) -> None:
        if moment == when:
            os.kill(os.getpid(), signal.SIGKILL)

    real_append, real_replace = LedgerSocket.append, Path.replace

    def append(self: LedgerSocket, entry: bytes) -> int:
        is_it = step == str(parse_event(entry).n)
        if is_it:
            die("before")
        position = real_append(self, entry)
        if is_it:
            die("after")
        return position

    def replace(self: Path, target: Path) -> Path:
        is_it = step == "package" and target.suffix == ".jlp"
        if is_it:
            die("before")
        moved = real_replace(self, target)
        if is_it:
            die("after")
        return moved

    LedgerSocket.append = append  # type: ignore[method-assign]
    Path.replace = replace  # type: ignore[method-assign,assignment]


def run_worker_until_done(home: Path, tenant: str, case: str) -> None:
    """A worker that ends when the job is done or failed."""
    stop = threading.Event()
    with open_workbench(home) as bench:
        threading.Thread(target=_watch, args=(bench, case, stop), daemon=True).start()
        work(home, tenant, bench, worker=WORKER, stop=stop)


def _watch(bench: Workbench, case: str, stop: threading.Event) -> None:
    while not stop.wait(LOOK_S):
        progress = read_progress(bench.vault.index, case)
        if progress is not None and progress.state in ("done", "failed"):
            stop.set()


def main(home: Path, tenant: str, case: str, kills: Sequence[str]) -> None:
    """One worker for each kill, and one without."""
    configure_logging()
    for kill in [*kills, ""]:
        child = os.fork()
        if child == 0:
            if kill:
                arrange(kill)
            run_worker_until_done(home, tenant, case)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"kill": kill, "killed": os.WIFSIGNALED(status), "exit": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
