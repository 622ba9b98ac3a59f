"""A captured file plays as it was handed in: every packet, every time stamp, every decoded frame, for each container and codec."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.capture import CapturePorts, Recording, TrackRole, capture_file
from jianlu.core.terms.events import EventType
from tests.fakes.capture.make_media import Clip, boxes_of, frames_of, make_media, packets_of
from tests.fakes.capture.memory_log import MemoryLog

COMBINATIONS = [
    ("mp4", "libx264", "aac", b"avc1"),
    ("mov", "libx264", "aac", b"avc1"),
    ("mkv", "libx264", "libopus", b"avc1"),
    ("mp4", "libx265", "libopus", b"hvc1"),
    ("mkv", "libx265", "aac", b"hvc1"),
    ("webm", "libvpx", "libopus", b"vp08"),
    ("mkv", "libvpx", "aac", b"vp08"),
    ("webm", "libvpx-vp9", "libopus", b"vp09"),
    ("mp4", "libvpx-vp9", "aac", b"vp09"),
    ("webm", "libsvtav1", "libopus", b"av01"),
    ("mp4", "libsvtav1", "aac", b"av01"),
    ("mkv", "libsvtav1", "aac", b"av01"),
]
ROLES = [TrackRole(0, "agent"), TrackRole(1, "customer")]
# Matroska names times in whole milliseconds: the priming of its first audio packet is put where its length says.
MATROSKA_GRAIN_S = 0.001


def captured(source: Path, target: Path, roles: list[TrackRole] | None = None) -> tuple[MemoryLog, Recording]:
    """The log after capturing `source`; the playable MP4 is in `target`."""
    log = MemoryLog()
    recording = capture_file(source, tracks=ROLES if roles is None else roles, using=CapturePorts(log))
    target.write_bytes(log.playable())
    return log, recording


@pytest.mark.parametrize(("ending", "video", "audio", "entry"), COMBINATIONS)
def test_every_packet_and_frame_comes_out_as_it_went_in(
    tmp_path: Path, ending: str, video: str, audio: str, entry: bytes
) -> None:
    source = make_media(tmp_path / f"source.{ending}", Clip(video=video, audio=audio, seconds=4))
    target = tmp_path / "playable.mp4"
    log, recording = captured(source, target)

    before, after = packets_of(source), packets_of(target)
    assert list(after) == [0, 1, 2]
    for index, packets in before.items():
        assert [payload for _, payload in after[index]] == [payload for _, payload in packets]
        shifts = [abs(at - was) for (at, _), (was, _) in zip(after[index], packets, strict=True)]
        assert max(shifts[1:]) == 0
        assert shifts[0] < MATROSKA_GRAIN_S
    assert frames_of(target, 0) == frames_of(source, 0)
    for index in (1, 2):
        # The last frame's padding may be heard: its end is not known when the init segment is sealed.
        assert frames_of(target, index)[:-1] == frames_of(source, index)[:-1]
    assert entry in log.open_object("init")
    assert recording.gaps == ()


def test_tracks_keep_their_distance_when_sound_starts_late(tmp_path: Path) -> None:
    for ending in ("mp4", "mkv"):
        source = make_media(tmp_path / f"late.{ending}", Clip(audio_delay_ms=300))
        target = tmp_path / "playable.mp4"
        captured(source, target)
        before, after = packets_of(source), packets_of(target)
        for index in (1, 2):
            assert after[index][1][0] - after[0][0][0] == before[index][1][0] - before[0][0][0]
        assert frames_of(target, 0) == frames_of(source, 0)
        heard = dict(frames_of(target, 1))
        assert all(heard[at] == content for at, content in frames_of(source, 1)[2:-1])
        assert abs(min(at for at in heard if at > 0.29) - 0.3) < 0.03


def test_a_recording_of_sound_alone_is_captured_whole(tmp_path: Path) -> None:
    source = make_media(tmp_path / "call.mp4", Clip(video="", seconds=5))
    _, recording = captured(source, tmp_path / "playable.mp4")
    assert [track.kind for track in recording.tracks] == ["audio", "audio"]
    assert packets_of(tmp_path / "playable.mp4") == packets_of(source)
    assert [segment.to_ms - segment.from_ms for segment in recording.segments[:2]] == [2005, 2005]


def test_a_silent_picture_without_sound_is_captured_whole(tmp_path: Path) -> None:
    source = make_media(tmp_path / "picture.mkv", Clip(audio_tracks=0))
    _, recording = captured(source, tmp_path / "playable.mp4", [])
    assert [track.track for track in recording.tracks] == ["picture"]
    assert frames_of(tmp_path / "playable.mp4", 0) == frames_of(source, 0)


def test_fragmented_and_live_files_are_captured_too(tmp_path: Path) -> None:
    fragmented = Clip(options={"movflags": "frag_keyframe+empty_moov+default_base_moof"})
    live = Clip(video="libvpx", audio="libopus", options={"live": "1"})
    for name, clip in (("fragmented.mp4", fragmented), ("live.webm", live)):
        source = make_media(tmp_path / name, clip)
        captured(source, tmp_path / "playable.mp4")
        before, after = packets_of(source), packets_of(tmp_path / "playable.mp4")
        assert all([p for _, p in before[index]] == [p for _, p in after[index]] for index in before)


def test_a_turned_phone_recording_stays_turned(tmp_path: Path) -> None:
    upright = make_media(tmp_path / "upright.mp4", Clip(seconds=2))
    content = bytearray(upright.read_bytes())
    at = content.index(b"tkhd") + 4 + 40
    turned_matrix = b"".join(v.to_bytes(4, "big", signed=True) for v in (0, 65536, 0, -65536, 0, 0, 120 << 16, 0, 1 << 30))
    content[at : at + 36] = turned_matrix
    source = tmp_path / "turned.mp4"
    source.write_bytes(content)
    log, _ = captured(source, tmp_path / "playable.mp4")
    assert turned_matrix in log.open_object("init")


def test_the_playable_file_is_the_init_and_the_segments_byte_for_byte(tmp_path: Path) -> None:
    source = make_media(tmp_path / "source.mp4", Clip())
    log, recording = captured(source, tmp_path / "playable.mp4")
    playable = (tmp_path / "playable.mp4").read_bytes()
    assert [kind for kind, _, _ in boxes_of(playable)] == [b"ftyp", b"moov", *[b"moof", b"mdat"] * len(recording.segments)]
    sealed = [event for event in log.events if event.type is EventType.SEGMENT_SEALED]
    assert playable == log.open_object("init") + b"".join(log.open_object(str(event.body["object"])) for event in sealed)
    assert recording.media_bytes == len(playable)
    assert all(name in log.open_object("init") for name in (b"picture\0", b"agent\0", b"customer\0"))
