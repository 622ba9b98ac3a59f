"""An hour of input, a gigabyte of input, tables that claim the moon: a capture never needs more memory than a few seconds of media."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import av
import pytest

from tests.fakes.capture.make_media import Clip, make_media, repeat_media

ROOT = Path(__file__).resolve().parents[3]
GROWTH_MB_MAX = 48
CAPTURE = """
import resource, sys
from pathlib import Path
from jianlu.capture import CapturePorts, TrackRole, capture_file
from tests.fakes.capture.memory_log import MemoryLog

class Forgetting(MemoryLog):
    def seal_and_append(self, type, object, plaintext, body, *, part=""):
        event = super().seal_and_append(type, object, plaintext, body, part=part)
        self._objects.clear()
        return event

limit = 1 << 30
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
peaks = []

def note(progress):
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)

recording = capture_file(Path(sys.argv[1]), tracks=[TrackRole(0, "agent")], using=CapturePorts(Forgetting()), progress=note)
print(len(recording.segments), peaks[min(4, len(peaks) - 1)], peaks[-1], recording.media_bytes >> 20)
"""


def capture_in_a_small_process(media: Path) -> tuple[int, int, int, int]:
    """Segments, peak memory in MB after five segments and at the end, and MB of media."""
    run = subprocess.run(
        [sys.executable, "-c", CAPTURE, str(media)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    segments, early_mb, late_mb, media_mb = map(int, run.stdout.split())
    return segments, early_mb, late_mb, media_mb


@pytest.mark.slow
@pytest.mark.parametrize("name", ["long.mp4", pytest.param("long.mkv", marks=pytest.mark.thorough)])
def test_an_hour_of_recording_needs_no_more_memory_than_ten_seconds(tmp_path: Path, name: str) -> None:
    clip = make_media(tmp_path / "clip.mp4", Clip(seconds=5, audio_tracks=1))
    media = repeat_media(clip, tmp_path / name, 720, seconds=5)
    segments, early_mb, late_mb, _ = capture_in_a_small_process(media)
    assert segments >= 1_750
    assert late_mb - early_mb < GROWTH_MB_MAX


@pytest.mark.slow
@pytest.mark.thorough
def test_a_gigabyte_of_recording_passes_through_a_few_megabytes(tmp_path: Path) -> None:
    noisy = Clip(seconds=5, audio_tracks=1, size=(640, 480))
    clip = make_media(tmp_path / "clip.mp4", noisy)
    padded = pad_frames(clip, tmp_path / "padded.mp4")
    media = repeat_media(padded, tmp_path / "large.mkv", 60, seconds=5)
    assert media.stat().st_size > 1_000_000_000
    segments, early_mb, late_mb, media_mb = capture_in_a_small_process(media)
    assert segments >= 145
    assert media_mb > 950
    assert late_mb - early_mb < GROWTH_MB_MAX


def pad_frames(source: Path, target: Path) -> Path:
    """Every picture of `source` grown to 140 kB by a filler NAL unit (type 12), as a constant-rate encoder does."""
    with av.open(str(source)) as given, av.open(str(target), "w") as container:
        streams = [container.add_stream_from_template(stream) for stream in given.streams]
        for packet in given.demux():
            if not packet.size:
                continue
            payload = bytes(packet)
            if packet.stream.type == "video":
                filler = b"\x0c" + b"\xff" * (140_000 - len(payload))
                payload += len(filler).to_bytes(4) + filler
            again = av.Packet(payload)
            again.stream, again.time_base = streams[packet.stream_index], packet.time_base
            again.pts, again.dts, again.duration = packet.pts, packet.dts, packet.duration
            again.is_keyframe = packet.is_keyframe
            container.mux(again)
    return target


def test_tables_that_claim_the_moon_cost_nothing(tmp_path: Path) -> None:
    clip = make_media(tmp_path / "clip.mp4", Clip(seconds=1, audio_tracks=1))
    content = bytearray(clip.read_bytes())
    for table, field in ((b"stsz", 8), (b"stts", 8), (b"stsc", 12), (b"ctts", 8)):
        hostile = bytearray(content)
        at = hostile.index(table) + field
        hostile[at : at + 8] = b"\x00\x00\x00\x01\x7f\xff\xff\xff"
        (tmp_path / "hostile.mp4").write_bytes(hostile)
        run = subprocess.run(
            [sys.executable, "-c", CAPTURE, str(tmp_path / "hostile.mp4")],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert run.returncode == 0 or "InvalidError" in run.stderr.splitlines()[-1]
