"""The events of a capture, and going on where an earlier run ended."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jianlu.capture import CapturePorts, Progress, TrackRole, capture_file, probe
from jianlu.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.formats.event import Event, check_chain
from jianlu.core.terms.digests import digest_of, opens
from jianlu.core.terms.events import EventType
from tests.fakes.capture.make_media import Clip, make_media
from tests.fakes.capture.memory_log import MemoryLog

ROLES = [TrackRole(0, "agent"), TrackRole(1, "customer")]
PART = {"object", "version", "sealed", "bytes", "commit"}


class BrokenLog(MemoryLog):
    """A log whose storage fails at the given segment, once."""

    def __init__(self, fails_at: int) -> None:
        super().__init__()
        self._left = fails_at

    def seal_and_append(
        self, type: EventType, object: str, plaintext: bytes, body: Mapping[str, Any], *, part: str = ""
    ) -> Event:
        self._left -= 1
        if self._left == 0:
            raise UnavailableError("the disk is full: make room, then call again")
        return super().seal_and_append(type, object, plaintext, body, part=part)


def test_events_stand_in_the_ledger_as_the_contract_says(sale_mp4: Path) -> None:
    log = MemoryLog()
    recording = capture_file(sale_mp4, tracks=ROLES, using=CapturePorts(log))
    started, *segments, ended = log.events
    check_chain(log.events)
    assert started.type is EventType.RECORDING_STARTED
    assert set(started.body) == {"tracks", "init", "source", "recorder"}
    assert started.body["tracks"] == [["picture", "video", "h264"], ["agent", "audio", "aac"], ["customer", "audio", "aac"]]
    assert set(started.body["init"]) == PART
    for number, event in enumerate(segments, 1):
        assert event.type is EventType.SEGMENT_SEALED
        assert set(event.body) == {"no", "from_ms", "to_ms"} | PART
        assert (event.body["no"], event.body["object"]) == (number, f"seg-{number:06d}")
        content = log.open_object(f"seg-{number:06d}")
        assert opens(event.body["commit"], digest_of(content), log.salt(f"{event.n}/commit"))
    assert ended.type is EventType.RECORDING_ENDED
    assert dict(ended.body) == {
        "segments": len(segments),
        "duration_ms": recording.duration_ms,
        "media_bytes": len(log.playable()),
    }
    assert recording.init_digest == digest_of(log.open_object("init"))


def test_gaps_become_events_between_the_segments_they_part(tmp_path: Path) -> None:
    source = make_media(tmp_path / "cut.mp4", Clip(seconds=8, dropped=(2.2, 3.4)))
    log = MemoryLog()
    recording = capture_file(source, tracks=ROLES, using=CapturePorts(log))
    gaps = [event for event in log.events if event.type is EventType.GAP_DECLARED]
    assert [dict(event.body) for event in gaps] == [
        {"from_ms": gap.from_ms, "to_ms": gap.to_ms, "reason": "timestamps_jump", "side": "source"} for gap in recording.gaps
    ]
    assert len(gaps) == 1
    assert abs(gaps[0].body["from_ms"] - 2_200) <= 40
    assert abs(gaps[0].body["to_ms"] - 3_400) <= 40
    before, after = log.events[gaps[0].n - 1], log.events[gaps[0].n + 1]
    assert before.body["from_ms"] < gaps[0].body["to_ms"] <= after.body["from_ms"] + 2_200


def test_each_segment_is_recorded_while_the_rest_is_still_unread(sale_mp4: Path) -> None:
    log, seen = MemoryLog(), list[tuple[int, int]]()

    def note(progress: Progress) -> None:
        seen.append((progress.segments, sum(event.type is EventType.SEGMENT_SEALED for event in log.events)))
        assert progress.claimed_ms == probe(sale_mp4).duration_ms

    capture_file(sale_mp4, tracks=ROLES, using=CapturePorts(log), progress=note)
    assert seen == [(1, 1), (2, 2), (3, 3)]


def test_a_failing_disk_leaves_a_recording_that_goes_on_later(sale_mp4: Path) -> None:
    whole = MemoryLog()
    expected = capture_file(sale_mp4, tracks=ROLES, using=CapturePorts(whole))
    for fails_at in range(1, 5):
        log = BrokenLog(fails_at)
        with pytest.raises(UnavailableError):
            capture_file(sale_mp4, tracks=ROLES, using=CapturePorts(log))
        assert not log.is_shredded
        assert capture_file(sale_mp4, tracks=ROLES, using=CapturePorts(log)) == expected
        assert [event.content for event in log.events] == [event.content for event in whole.events]
        assert log.playable() == whole.playable()


def test_capturing_a_finished_recording_again_changes_nothing(sale_mp4: Path) -> None:
    log = MemoryLog()
    first = capture_file(sale_mp4, tracks=ROLES, using=CapturePorts(log))
    events = log.events
    assert capture_file(sale_mp4, tracks=ROLES, using=CapturePorts(log)) == first
    assert log.events == events


def test_another_source_cannot_continue_a_recording(sale_mp4: Path, tmp_path: Path) -> None:
    log = BrokenLog(3)
    with pytest.raises(UnavailableError):
        capture_file(sale_mp4, tracks=ROLES, using=CapturePorts(log))
    other = make_media(tmp_path / "other.mp4", Clip(seconds=6, frames_per_s=20))
    events = log.events
    with pytest.raises(ConflictError, match="another recording"):
        capture_file(other, tracks=ROLES, using=CapturePorts(log))
    with pytest.raises(ConflictError, match="another recording"):
        capture_file(sale_mp4, tracks=[TrackRole(0, "customer"), TrackRole(1, "agent")], using=CapturePorts(log))
    assert log.events == events
    assert not log.is_shredded


def test_a_source_altered_behind_its_ends_cannot_continue_either(sale_mp4: Path, tmp_path: Path) -> None:
    """Same size, same first and last bytes, same structure: the segments tell."""
    big = make_media(tmp_path / "big.mp4", Clip(seconds=6, size=(640, 480)))
    content = bytearray(big.read_bytes())
    log = BrokenLog(3)
    with pytest.raises(UnavailableError):
        capture_file(big, tracks=ROLES, using=CapturePorts(log))
    content[content.index(b"mdat") + 2000] ^= 1
    big.write_bytes(content)
    with pytest.raises(ConflictError):
        capture_file(big, tracks=ROLES, using=CapturePorts(log))


def test_an_abandoned_case_takes_no_recording_any_more(sale_mp4: Path) -> None:
    log = MemoryLog()
    log.abandon("invalid_source")
    with pytest.raises(ConflictError, match="new case"):
        capture_file(sale_mp4, tracks=ROLES, using=CapturePorts(log))


def test_roles_must_fit_the_audio_tracks_one_by_one(sale_mp4: Path) -> None:
    for roles in (
        [],
        [TrackRole(0, "agent")],
        [*ROLES, TrackRole(2, "guardian")],
        [TrackRole(0, "agent"), TrackRole(0, "customer")],
    ):
        log = MemoryLog()
        with pytest.raises(InvalidError, match="2 audio tracks"):
            capture_file(sale_mp4, tracks=roles, using=CapturePorts(log))
        assert log.events == ()
    with pytest.raises(InvalidError, match="same role"):
        capture_file(sale_mp4, tracks=[TrackRole(0, "agent"), TrackRole(1, "agent")], using=CapturePorts(MemoryLog()))
    for role in ("picture", "source", "Agent", "王先生", "", "a" * 21):
        with pytest.raises(InvalidError, match="short code"):
            TrackRole(0, role)


def test_a_name_that_is_no_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="check the path"):
        probe(tmp_path / "missing.mp4")
    with pytest.raises(InvalidError):
        probe(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidError, match="ordinary file"):
        probe(tmp_path / "pipe")


def test_odd_names_are_names_and_never_protocols(sale_mp4: Path, tmp_path: Path) -> None:
    for name in ("concat:a|b.mp4", "http:x.mp4", "录像 %d.mp4", os.fsdecode(b"\xff\xfe.mp4")):
        target = tmp_path / name
        target.write_bytes(sale_mp4.read_bytes())
        assert probe(target).container == "mp4"


def test_a_probe_tells_container_streams_and_length(sale_mp4: Path, sale_mkv: Path, live_webm: Path) -> None:
    described = probe(sale_mp4)
    assert (described.container, described.file_bytes) == ("mp4", sale_mp4.stat().st_size)
    assert 6_000 <= described.duration_ms <= 6_050
    assert [(s.kind, s.codec, s.width, s.height, s.rate_hz, s.channels) for s in described.streams] == [
        ("video", "h264", 160, 120, 0, 0),
        ("audio", "aac", 0, 0, 48000, 1),
        ("audio", "aac", 0, 0, 48000, 1),
    ]
    assert probe(sale_mkv).container == "matroska"
    assert (probe(live_webm).container, probe(live_webm).duration_ms) == ("webm", 0)
