"""Kills a reseal at every system call that matters, one after another, and looks at what is left each time.

`python -m tests.fault.vault.reseal_crashes FOLDER FIRST STEP` prints one JSON line a crash: a small case was sealed in the international
suite; the child seals it anew in SM4-GCM and is killed by SIGKILL before its k-th call; the parent then opens the home, checks it, and
lets the reseal go on to its end.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from jianlu.core.formats.segment import HEAD_BYTES, read_suite
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, tenant_id
from jianlu.core.terms.suites import Suite
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.compare import compare_index
from jianlu.vault.model import object_parts
from jianlu.vault.ports import VaultPorts
from jianlu.vault.reseal import Holds, reseal_unit
from tests.fakes.vault.home import CASE, TENANT, create_home, open_home
from tests.fakes.vault.sale import segment
from tests.fault.vault.crash_driver import crash_until_none, kill_at, record

BANK = tenant_id(TENANT)


def reseal(using: VaultPorts) -> None:
    """The whole job for the one unit."""
    using = replace(using, suite=Suite.SM)
    reseal_unit(using, BANK, CaseRef(CASE), holds=Holds(using, BANK))


def crash_once(template: Path, home: Path, count: int) -> dict[str, Any]:
    """One crash before call `count`, and what was found; `killed` is false when the reseal ended before."""
    shutil.copytree(template, home)
    if (child := os.fork()) == 0:
        with open_home(home) as using:
            kill_at(count)
            reseal(using)
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    found = look_at(home)
    shutil.rmtree(home)
    return {"count": count, "killed": os.WIFSIGNALED(status), "status": status, **found}


def look_at(home: Path) -> dict[str, Any]:
    """Open the home after the crash, check every promise, and seal anew the rest."""
    found: dict[str, Any] = {
        "plaintext_on_disk": [str(path) for path in home.rglob("*") if path.is_file() and b"PLAINTEXT" in path.read_bytes()]
    }
    with open_home(home) as using:
        found["opens"] = opens(open_case_log(using, TENANT, CASE))
        reseal(using)
        found["opens_afterwards"] = opens(open_case_log(using, TENANT, CASE))
        found["differences"] = [str(difference) for difference in compare_index(using, BANK, CaseRef(CASE))]
        names = list(using.blobs.names())
        found["suites"] = sorted({read_suite(using.blobs.get(name, 0, HEAD_BYTES)).value for name in names})
        found["objects"] = len(names)
        found["keys"] = sum(f"/{CASE}/" in name for name in using.key_blobs.names())
    return found


def opens(log: CaseLog) -> bool:
    """Whether every object opens, agrees with its commitment, and is what was sealed."""
    for event in log.events:
        for part in object_parts(event):
            log.open_object(part.object)
    return log.open_object("seg-000001") == segment(1) and log.events[-1].type is EventType.CASE_CLOSED


def main(folder: Path, first: int, step: int) -> None:
    """Crash before call `first`, `first + step`, ... until the reseal comes to its end."""
    template = folder / "template"
    create_home(template)
    with open_home(template) as using:
        log = open_case_log(using, TENANT, CASE)
        record(log, -1)
        log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})
    crash_until_none(template, first, step, crash_once)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
