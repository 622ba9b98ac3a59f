"""What a stranger finds in the package of a live session: the verifier's answer and the events of the case."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jianlu.core.formats.event import Event, parse_event
from jianlu.core.formats.package import EVENTS
from tests.fakes.eventually import eventually
from tests.fakes.running_home import RunningHome

_LENGTH = struct.Struct("!H")
LOOKS = 8_000


@dataclass(frozen=True)
class Delivered:
    """A package, as the verifier sees it with the home's public trust file and nothing else."""

    path: Path
    said: dict[str, Any]
    events: tuple[Event, ...]

    @property
    def verdicts(self) -> dict[str, str]:
        return {f"{each['pack']}:{each['clause']}": each["verdict"] for each in self.said["clauses"]}

    @property
    def gaps(self) -> list[dict[str, Any]]:
        return list(self.said["gaps"])

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of all events of a kind, in their order."""
        return [dict(event.body) for event in self.events if event.type.value == kind]

    def report(self, lang: str = "zh") -> str:
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(f"report/report.{lang}.html").decode()


def delivered(home: RunningHome, case: str, folder: Path, name: str = "lin") -> Delivered:
    """The case's package, once the jobs after the call are done, downloaded and verified in a process of its own."""
    stage = eventually(lambda: _end_stage(home, case, name), "the package after the call", looks=LOOKS)
    assert stage == "done", home.log()[-4_000:]
    path = folder / f"{case}.jlp"
    home.export(name, case, path)
    return opened(path, home.home / "trust.json")


def opened(path: Path, trust: Path) -> Delivered:
    """A package on disk, verified in a process of its own."""
    words = [sys.executable, "-m", "jianlu.entry.cli.main", "verify", str(path), "--trust", str(trust), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    with zipfile.ZipFile(path) as archive:
        events = tuple(parse_event(entry) for entry in _entries(archive.read(EVENTS)))
    return Delivered(path, dict(json.loads(done.stdout)), events)


def _end_stage(home: RunningHome, case: str, name: str) -> str:
    """`done` or `failed`; "" while the jobs after the call go on."""
    stage = str(home.as_staff(name).call("GET", f"/api/v1/cases/{case}/session")["jobs"]["stage"])
    return stage if stage in {"done", "failed"} else ""


def _entries(bundle: bytes) -> list[bytes]:
    """The entries of an event bundle (c2sp.org/tlog-tiles): each behind its length."""
    found, at = [], 0
    while at < len(bundle):
        (length,) = _LENGTH.unpack_from(bundle, at)
        found.append(bundle[at + 2 : at + 2 + length])
        at += 2 + length
    return found
