"""The disk of a whole home (vault, keys, ledger, index, logs, the recorder's spool) is full during a call, and has room again later.

The home lies in a small file system of its own, whose size is changed under it: nothing of this machine's disk is filled. Mounting one
takes a machine's administrator; elsewhere this is skipped.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from jianlu.backends.sfu.embedded.client import EmbeddedRooms
from tests.fakes.pages.visitors import Console, become
from tests.fakes.running_home import RunningHome, approve_scripts, running_home
from tests.fault.live_session.talk import ENDED, UNINSPECTED, free_port, is_up, talk

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

ROOMY = "4g"
"""The gate demands two free gigabytes, which a file system in memory needs not have."""

EVENTS_FIT, NOTHING_FITS = 256 << 10, 0
"""What is left of it: enough for events and for no segment, so that the rule can act; or nothing, and the ledger stops."""


@contextmanager
def small_disk(path: Path) -> Iterator[Path]:
    """A file system of its own at `path`, as large as ROOMY says."""
    path.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOMY},mode=700", "none", str(path)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


@contextmanager
def full(path: Path, left_bytes: int) -> Iterator[None]:
    """The file system has so much left until the block ends."""
    found = os.statvfs(path)
    used_bytes = (found.f_blocks - found.f_bfree) * found.f_frsize
    resize(path, str(used_bytes + left_bytes))
    try:
        yield
    finally:
        resize(path, ROOMY)


def resize(path: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(path)], check=True)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with small_disk(Path(tmp_path_factory.mktemp("small")) / "disk") as path:
        yield path


@pytest.fixture(scope="module")
def served(disk: Path) -> Iterator[RunningHome]:
    replaced = {**UNINSPECTED, "port = 8443": f"port = {free_port()}"}
    with running_home(disk / "home", replaced=replaced) as home:
        approve_scripts(home)
        become(lambda: is_up(home), "media process and recorder can be called")
        yield home


@pytest.mark.thorough
@pytest.mark.parametrize("left_bytes", [EVENTS_FIT, NOTHING_FITS])
def test_a_full_disk_stops_the_call_visibly_and_nothing_of_it_is_lost_silently(
    console: Console, disk: Path, tmp_path: Path, left_bytes: int
) -> None:
    with (
        talk(console, f"full-disk-{left_bytes}") as held,
        closing(EmbeddedRooms([held.home.home / "run" / "media-0.sock"])) as rooms,
    ):
        held.records_on()
        sealed_ms, at_ms = held.sealed_ms(), held.now_ms()
        held.forgets_warnings()
        with full(disk, left_bytes):
            held.warns(held.agent, "磁盘已满", "没有及时封存", "磁盘空间不足", "连接中断")
            held.warns(held.customer, "录制出现问题", "正在重新连接")
            become(lambda: not rooms.status(held.case).is_forwarding, "nothing is forwarded any more, says the media process")
        become(lambda: held.is_recording() or held.state() in ENDED, "it goes on, or is over")
        ended_by_rule = held.state() in ENDED
        if not ended_by_rule:
            held.records_on()
            held.comes_back()
        package = held.package(tmp_path)
    print(f"full at {at_ms}, sealed until {sealed_ms}, ended by rule: {ended_by_rule}, declared {package.gaps}")
    segments = [(body["from_ms"], body["to_ms"]) for body in package.bodies("session:segment:sealed")]
    declared = [(gap["from_ms"], gap["to_ms"]) for gap in package.gaps if gap["side"] in ("recorder", "source")]
    assert uncovered(segments + declared, package.said["duration_ms"]) == []
    assert max(end for begin, end in segments if begin < at_ms) >= sealed_ms, "what was acknowledged is there"
    assert package.bodies("session:health:alarmed"), "no alarm is on the record"
    again = console.new_case(f"after-{left_bytes}")
    assert console.view(again)["state"] == "draft", "the home takes new cases"


def uncovered(spans: list[tuple[int, int]], until_ms: int) -> list[tuple[int, int]]:
    """What of [0, until_ms) no span covers."""
    found, reached = [], 0
    for begin, end in sorted(spans):
        if begin > reached:
            found.append((reached, begin))
        reached = max(reached, end)
    return found + ([(reached, until_ms)] if reached < until_ms else [])
