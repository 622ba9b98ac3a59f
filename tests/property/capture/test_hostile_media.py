"""Random and damaged bytes: captured, or refused with our error; never another exception, never half a recording."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jianlu.capture import CapturePorts, TrackRole, capture_file
from jianlu.core.errors import InvalidError
from jianlu.core.terms.events import EventType
from tests.fakes.capture.make_media import Clip, make_media
from tests.fakes.capture.memory_log import MemoryLog

ROLES = [TrackRole(0, "agent")]
HEADS = [
    b"",
    b"\x1a\x45\xdf\xa3",
    b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff",
    b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41",
    b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41\x00\x00\x10\x00moov",
]
MEDIA = [
    ("clip.mp4", Clip(seconds=1, audio_tracks=1)),
    ("clip.mkv", Clip(seconds=1, audio_tracks=1)),
    ("live.webm", Clip(video="libvpx", audio="libopus", seconds=1, audio_tracks=1, options={"live": "1"})),
    (
        "fragmented.mp4",
        Clip(seconds=1, audio_tracks=1, options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    ),
]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("clips")
    return [make_media(folder / name, clip).read_bytes() for name, clip in MEDIA]


def try_to_capture(path: Path, content: bytes) -> None:
    """Capture `content`; the log must end in a whole recording, in an abandoned one, or hold nothing."""
    path.write_bytes(content)
    log = MemoryLog()
    try:
        capture_file(path, tracks=ROLES, using=CapturePorts(log))
    except InvalidError:
        assert log.events == () or (log.is_shredded and log.events[-1].type is EventType.RECORDING_ABANDONED)
    else:
        assert log.events[-1].type is EventType.RECORDING_ENDED


@given(st.sampled_from(HEADS), st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_behind_a_true_beginning_are_refused(tmp_path: Path, head: bytes, rest: bytes) -> None:
    try_to_capture(tmp_path / "random.bin", head + rest)


@given(
    st.integers(0, len(MEDIA) - 1),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8),
    st.floats(0, 1),
    st.integers(0, 60),
    st.booleans(),
)
@example(3, [(0.94921875, 32)], 0.0, 0, True)  # claims more than any memory holds
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_recordings_are_captured_whole_or_refused(
    tmp_path: Path,
    clips: list[bytes],
    which: int,
    flips: list[tuple[float, int]],
    torn_at: float,
    torn_bytes: int,
    is_near_header: bool,
) -> None:
    content = bytearray(clips[which])
    span = min(len(content), 1_500) if is_near_header else len(content)
    for place, value in flips:
        content[min(int(place * span), span - 1)] = value
    start = int(torn_at * span)
    del content[start : start + torn_bytes]
    try_to_capture(tmp_path / "damaged.bin", bytes(content))
