"""Makes every system call of an operation fail in turn, by strace, and looks at what is left each time. Not a test.

`python -m tests.fault.syscalls.sweep OPERATION FOLDER FIRST STEP` prints a JSON line for each fault that was injected: the call and its
number, the fault, how the process ended, and what was wrong afterwards ("" for nothing). It first counts the calls that the operation
makes, then takes every STEP-th of all (call, number, fault). The child is forked from here, opens its home and waits; strace is attached to
it before it goes on, so that numbers count from the operation's own first call. A program without threads, so that it may fork.
"""

from __future__ import annotations

import collections
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from tests.fault.syscalls.operations import OPERATIONS, Operation, work

CHANGING = (
    "write pwrite64 fsync fdatasync rename renameat renameat2 link linkat unlink unlinkat rmdir ftruncate fallocate mkdir mkdirat"
)
ASKING = "openat read pread64 newfstatat statx getdents64 lseek flock fcntl close"
WATCHED = f"{CHANGING} {ASKING}".split()
GROWING = frozenset(["write", "pwrite64", "openat", "link", "linkat", "mkdir", "mkdirat", "ftruncate", "fallocate"])
ONLY_KILLED_AT = frozenset({"close", "fcntl"})
"""Their failure says nothing of contents: every file was synced before it is closed, and a lock that is refused is another process's."""

_CALL = re.compile(r"^(?:\d+ +)?([a-z0-9_]+)\(")


@dataclass(frozen=True)
class Run:
    """How a child ended: its wait status, and what it told line by line."""

    status: int
    told: list[str]
    trace: str


def run_child(operation: Operation, home: Path, options: list[str], trace: Path) -> Run:
    """The operation in a child under strace with `options`."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _be_child(operation, home, writer)
    os.close(writer)
    with os.fdopen(reader, "r", encoding="ascii") as lines:
        assert lines.readline() == "ready\n", lines.read()
        with subprocess.Popen(
            ["strace", "-p", str(child), "-o", str(trace), "-y", *options], stderr=subprocess.PIPE, text=True
        ) as tracer:
            assert tracer.stderr is not None and "attached" in tracer.stderr.readline()
            os.kill(child, signal.SIGUSR1)
            told = lines.read().splitlines()
            _, status = os.waitpid(child, 0)
            tracer.stderr.read()
    return Run(status, told, trace.read_text(encoding="utf-8", errors="replace"))


def _be_child(operation: Operation, home: Path, told: int) -> None:
    """Never returns. Tells by `writev`, which no fault is injected into."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})

    def tell(line: str) -> None:
        os.writev(told, [f"{line}\n".encode("ascii", "replace")])

    def ready() -> None:
        tell("ready")
        signal.sigwait({signal.SIGUSR1})

    try:
        work(operation, home, ready, tell)
    except BaseException:  # noqa: BLE001 - told to the parent: nothing may leave a forked child
        tell("unexpected " + json.dumps(traceback.format_exc()[-1500:]))
    os._exit(0)


def faults_of(call: str) -> list[str]:
    """What is injected into `call`."""
    if call in ONLY_KILLED_AT:
        return ["signal=SIGKILL"]
    return ["signal=SIGKILL", "error=EIO", *(["error=ENOSPC"] if call in GROWING else [])]


def inject(operation: Operation, template: Path, home: Path, call: str, number: int, fault: str) -> dict[str, object]:
    """One fault: the child under it, then the check in a child of its own, so that nothing of it stays here."""
    shutil.copytree(template, home)
    try:
        run = run_child(
            operation, home, ["-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={number}"], home.with_suffix(".trace")
        )
        wrong = "; ".join(line for line in run.told if line.startswith("unexpected"))
        if not wrong and _retried_as_if_clean(run):
            wrong = "a failed sync of the journal was taken for a clean one"
        if not wrong:
            wrong = _check_in_child(operation, home, run.told)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    is_met = "(INJECTED)" in run.trace or os.WIFSIGNALED(run.status)
    ended = "killed" if os.WIFSIGNALED(run.status) else "refused" if any("error" in line for line in run.told) else "went on"
    return {"call": call, "number": number, "fault": fault, "met": is_met, "ended": ended, "told": len(run.told), "wrong": wrong}


def _retried_as_if_clean(run: Run) -> bool:
    """Whether something was acknowledged after a sync of the ledger's journal had failed."""
    failed = [line for line in run.trace.splitlines() if "(INJECTED)" in line and "sync(" in line and "/ledger/journal" in line]
    refused = next((at for at, line in enumerate(run.told) if line.startswith("error")), len(run.told))
    return bool(failed) and any(line.startswith(("event", "published", "copied")) for line in run.told[refused:])


def _check_in_child(operation: Operation, home: Path, told: list[str]) -> str:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            operation.check(home, told)
        except BaseException:  # noqa: BLE001 - told to the parent: nothing may leave a forked child
            os.write(writer, traceback.format_exc()[-3000:].encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        wrong = answer.read().decode(errors="replace")
    os.waitpid(child, 0)
    return wrong


def count_calls(operation: Operation, template: Path, folder: Path) -> dict[str, int]:
    """How often the operation makes each watched call when nothing fails."""
    home = folder / "counted"
    shutil.copytree(template, home)
    run = run_child(operation, home, ["-e", f"trace={','.join(WATCHED)}"], folder / "counted.trace")
    assert run.status == 0 and not any(line.startswith(("error", "unexpected")) for line in run.told), run.told
    shutil.rmtree(home)
    found = (_CALL.match(line) for line in run.trace.splitlines())
    return dict(collections.Counter(match[1] for match in found if match and match[1] in WATCHED))


def main(name: str, folder: Path, first: int, step: int) -> None:
    """Count, then inject every `step`-th fault from the `first` on."""
    operation, template = OPERATIONS[name], folder / "template"
    operation.make(template)
    counts = count_calls(operation, template, folder)
    plan = [
        (call, number, fault) for call in sorted(counts) for number in range(1, counts[call] + 1) for fault in faults_of(call)
    ]
    for call, number, fault in plan[first::step]:
        print(json.dumps(inject(operation, template, folder / "home", call, number, fault)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
