"""SIGKILL at any moment, again and again: the recording ends complete, with no segment lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jianlu.capture import CapturePorts, TrackRole, capture_file
from jianlu.core.formats.event import check_chain
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import open_case_log
from tests.fakes.capture.make_media import Clip, make_media, repeat_media
from tests.fakes.capture.memory_log import MemoryLog
from tests.fakes.vault.home import CASE, TENANT, create_home, open_home

ROOT = Path(__file__).resolve().parents[3]
KILLS_MIN = 10
CAPTURE = """
import os, sys
from pathlib import Path
from jianlu.capture import CapturePorts, TrackRole, capture_file
from jianlu.vault.case_log import open_case_log
from tests.fakes.vault.home import CASE, TENANT, open_home

home, media, dies_at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
calls = 0

def count(event, arguments):
    # Audit events come at file operations of our own code: a place to die between any two of them.
    global calls
    if event in ("open", "os.rename", "os.link", "os.remove") and str(home) in str(arguments[0]):
        calls += 1
        if calls == dies_at:
            os.kill(os.getpid(), 9)

with open_home(home) as using:
    log = open_case_log(using, TENANT, CASE)
    sys.addaudithook(count)
    capture_file(media, tracks=[TrackRole(0, "agent")], using=CapturePorts(log))
print("complete", calls)
"""


@pytest.mark.slow
def test_a_capture_killed_at_random_points_ends_as_if_never_killed(tmp_path: Path) -> None:
    clip = make_media(tmp_path / "clip.mp4", Clip(seconds=5, audio_tracks=1))
    media = repeat_media(clip, tmp_path / "media.mp4", 12, seconds=5)
    expected = MemoryLog()
    whole = capture_file(media, tracks=[TrackRole(0, "agent")], using=CapturePorts(expected))
    create_home(tmp_path / "home")

    kills, picker = 0, random.Random(20261122)
    while True:
        dies_at = picker.randint(1, 40) if kills < KILLS_MIN + 4 else 0
        run = subprocess.run(
            [sys.executable, "-c", CAPTURE, str(tmp_path / "home"), str(media), str(dies_at)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        if run.returncode == 0:
            break
        assert run.returncode == -signal.SIGKILL, run.stderr
        kills += 1
    assert kills >= KILLS_MIN

    with open_home(tmp_path / "home") as using:
        log = open_case_log(using, TENANT, CASE)
        check_chain(log.events)
        sealed = [event for event in log.events if event.type is EventType.SEGMENT_SEALED]
        assert [event.body["no"] for event in sealed] == list(range(1, len(whole.segments) + 1))
        assert [event.type for event in log.events] == [event.type for event in expected.events]
        for event in sealed:
            name = str(event.body["object"])
            assert digest_of(log.open_object(name)) == digest_of(expected.open_object(name))
        assert log.open_object("init") == expected.open_object("init")
        assert capture_file(media, tracks=[TrackRole(0, "agent")], using=CapturePorts(log)) == whole
        names = [name for name in using.blobs.names() if "seg-" in name]
        assert len(names) == len(whole.segments)
