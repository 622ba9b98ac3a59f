"""Kills the making and mending of copies at every system call that matters, one after another, and looks at what is left each time.

`python -m tests.fault.vault.copying_crashes FOLDER FIRST STEP` prints one JSON line a crash. As `crash_driver`, but what is killed copies
a recorded sale from one folder to another, in which one copy is missing and one altered; then it is begun again and must come to its end.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jianlu.backends.blobs.posix import PosixBlobs
from jianlu.core.formats.event import check_chain
from jianlu.core.terms.events import EventType
from jianlu.vault.index import parse_entry
from jianlu.vault.ports import VaultPorts
from tests.fakes.vault.home import create_home, open_home
from tests.fakes.vault.sale import record_sale
from tests.fakes.vault.stores import said, scrubber, settle, store_of, with_stores
from tests.fault.vault.crash_driver import kill_at


@contextmanager
def open_stores(home: Path) -> Iterator[VaultPorts]:
    """The home with two stores: its vault, and the folder `near` beside it."""
    (home / "near").mkdir(exist_ok=True)
    with open_home(home) as using:
        yield with_stores(using, store_of("here", PosixBlobs(home / "vault")), store_of("near", PosixBlobs(home / "near")))


def make_template(home: Path) -> None:
    """A recorded sale whose copies are there but for one, and one of which somebody altered."""
    create_home(home)
    with open_stores(home) as using:
        record_sale(using)
        settle(scrubber(using))
        lost, altered, *_ = sorted((home / "near").rglob("*.sealed"))
        lost.unlink()
        altered.write_bytes(b"\x00" * altered.stat().st_size)


def crash_once(template: Path, home: Path, count: int) -> dict[str, Any]:
    """One crash before call `count`, and what was found; `killed` is false when everything was mended before."""
    shutil.copytree(template, home)
    child = os.fork()
    if child == 0:
        with open_stores(home) as using:
            walk = scrubber(using)
            walk.begin()
            kill_at(count)
            settle(walk)
            os._exit(0)
    _, status = os.waitpid(child, 0)
    found = look_at(home)
    shutil.rmtree(home)
    return {"count": count, "killed": os.WIFSIGNALED(status), "status": status, **found}


def look_at(home: Path) -> dict[str, Any]:
    """Which copies were half made, then go on, and what is there in the end."""
    here, near = ({path.name: path.read_bytes() for path in (home / name).rglob("*.sealed")} for name in ("vault", "near"))
    wrong = sum(content != here.get(name) for name, content in near.items())
    with open_stores(home) as using:
        PosixBlobs(home / "near").sweep()
        settle(scrubber(using))
        walk = scrubber(using)
        walk.begin()
        settle(walk)
        entries = using.ledger.read(0, using.ledger.size)
        chains: dict[str, list[Any]] = {}
        for at, entry in enumerate(entries):
            event = parse_entry(entry, at)
            chains.setdefault(event.case, []).append(event)
        for chain in chains.values():
            check_chain(chain)
        told = {event.body["object"] for event in said(using, EventType.STORE_COPY_ALARMED)}
    near = {path.name: path.read_bytes() for path in (home / "near").rglob("*") if path.is_file()}
    return {"wrong": wrong, "whole": near == here, "told": len(told)}


def main(folder: Path, first: int, step: int) -> None:
    """Crash before call `first`, `first + step`, ... until the end is reached without."""
    template = folder / "template"
    make_template(template)
    count, killed = first, True
    while killed:
        outcome = crash_once(template, folder / f"home-{count}", count)
        killed = bool(outcome["killed"])
        print(json.dumps(outcome), flush=True)
        count += step


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
