"""Kills a recording at every system call that matters, one after another, and looks at what is left each time.

`python -m tests.fault.vault.crash_driver FOLDER FIRST STEP` prints one JSON line a crash. It is a program of its own, without
threads, so that it may fork: the child records a sale and is killed by SIGKILL *before* its k-th write, sync, link, rename,
truncate, mkdir or unlink; the parent then opens the home, checks it, and lets the recording go on to its end.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.compare import compare_index
from jianlu.vault.model import object_parts
from tests.fakes.vault.home import CASE, TENANT, create_home, open_home
from tests.fakes.vault.sale import segment

CALLS = ("write", "fsync", "fdatasync", "link", "unlink", "rename", "replace", "mkdir", "ftruncate", "pwrite")
SEGMENTS = 2


def record(log: CaseLog, acknowledged: int) -> None:
    """Go on with the recording from where `log` is; tells each durable event to the descriptor `acknowledged`."""
    if log.next_n == 0:
        log.seal_and_append(EventType.PLAN_FROZEN, "plan", b"PLAINTEXT-OF-PLAN", {"packs": []})
        _tell(acknowledged)
    if log.next_n == 1:
        log.seal_and_append(EventType.RECORDING_STARTED, "init", b"PLAINTEXT-OF-INIT", {"recorder": "file/1"}, part="init")
        _tell(acknowledged)
    for number in range(log.next_n - 1, SEGMENTS + 1):
        body = {"no": number, "from_ms": (number - 1) * 2000, "to_ms": number * 2000}
        log.seal_and_append(EventType.SEGMENT_SEALED, f"seg-{number:06d}", segment(number), body)
        _tell(acknowledged)


_real_write = os.write


def _tell(descriptor: int) -> None:
    if descriptor >= 0:
        _real_write(descriptor, b".")


def kill_at(count: int) -> None:
    """From now on this process is killed before its `count`-th call of one of `CALLS`."""
    left = [count]

    def deadly(real: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        return call

    for name in CALLS:
        setattr(os, name, deadly(getattr(os, name)))


def crash_once(template: Path, home: Path, count: int) -> dict[str, Any]:
    """One crash before call `count`, and what was found; `killed` is false when the recording ended before."""
    shutil.copytree(template, home)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with open_home(home) as using:
            log = open_case_log(using, TENANT, CASE)
            kill_at(count)
            record(log, writer)
            os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    told = os.read(reader, 1000)
    os.close(reader)
    found = look_at(home, len(told))
    shutil.rmtree(home)
    return {"count": count, "killed": os.WIFSIGNALED(status), "status": status, "acknowledged": len(told), **found}


def look_at(home: Path, acknowledged: int) -> dict[str, Any]:
    """Open the home after the crash, check every promise, and record the rest."""
    found: dict[str, Any] = {
        "plaintext_on_disk": [str(path) for path in home.rglob("*") if path.is_file() and b"PLAINTEXT" in path.read_bytes()]
    }
    with open_home(home) as using:
        log = open_case_log(using, TENANT, CASE)
        found["recorded"] = log.next_n
        found["lost"] = log.next_n < acknowledged
        for event in log.events:
            for part in object_parts(event):
                log.open_object(part.object)
        record(log, -1)
        found["whole"] = [log.open_object(f"seg-{number:06d}") == segment(number) for number in range(1, SEGMENTS + 1)]
        parts = [part for event in log.events for part in object_parts(event)]
        named = {f"{log.tenant}/{log.case}/{part.object}.v{part.version}.sealed" for part in parts}
        found["orphans"] = sorted({*using.blobs.names()} - named)
        found["events"] = log.next_n
        found["differences"] = [str(difference) for difference in compare_index(using, log.tenant, log.case)]
    return found


def main(folder: Path, first: int, step: int) -> None:
    """Crash before call `first`, `first + step`, ... until the recording is no longer reached."""
    template = folder / "template"
    create_home(template)
    crash_until_none(template, first, step, crash_once)


def crash_until_none(template: Path, first: int, step: int, crash: Callable[[Path, Path, int], dict[str, Any]]) -> None:
    """Call `crash` with a folder beside `template` and `first`, `first + step`, ... and print what it found, until nothing was killed."""
    count, killed = first, True
    while killed:
        outcome = crash(template, template.with_name(f"home-{count}"), count)
        killed = bool(outcome["killed"])
        print(json.dumps(outcome), flush=True)
        count += step


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
