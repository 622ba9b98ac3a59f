"""Capture into a real home on disk: what is kept opens, and what is abandoned is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.capture import CapturePorts, TrackRole, capture_file
from jianlu.core.errors import ConflictError, InvalidError
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import open_case_log
from tests.fakes.capture.make_media import Clip, make_media, packets_of
from tests.fakes.vault.home import CASE, TENANT, create_home, open_home

ROLES = [TrackRole(0, "agent"), TrackRole(1, "customer")]


def test_what_was_captured_opens_from_the_vault_and_plays(tmp_path: Path) -> None:
    source = make_media(tmp_path / "sale.mp4", Clip(seconds=6))
    create_home(tmp_path / "home")
    with open_home(tmp_path / "home") as using:
        recording = capture_file(source, tracks=ROLES, using=CapturePorts(open_case_log(using, TENANT, CASE)))
    with open_home(tmp_path / "home") as using:
        log = open_case_log(using, TENANT, CASE)
        names = ["init", *(f"seg-{segment.no:06d}" for segment in recording.segments)]
        (tmp_path / "playable.mp4").write_bytes(b"".join(log.open_object(name) for name in names))
    assert packets_of(tmp_path / "playable.mp4") == packets_of(source)
    on_disk = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    payloads = [payload for packets in packets_of(source).values() for _, payload in packets if len(payload) > 64]
    assert not any(payload[:64] in on_disk for payload in payloads)


def test_a_recording_that_breaks_off_is_abandoned_and_shredded(tmp_path: Path) -> None:
    source = make_media(tmp_path / "sale.mp4", Clip(seconds=20))
    content = bytearray(source.read_bytes())
    at = content.index(b"stsz") + 16 + 4 * (20 * 25 - 3)
    content[at : at + 4] = (5_000_000).to_bytes(4)
    source.write_bytes(content)
    create_home(tmp_path / "home")
    with open_home(tmp_path / "home") as using:
        log = open_case_log(using, TENANT, CASE)
        with pytest.raises(InvalidError, match="damaged"):
            capture_file(source, tracks=ROLES, using=CapturePorts(log))
        assert any(event.type is EventType.SEGMENT_SEALED for event in log.events)
        assert log.events[-1].type is EventType.RECORDING_ABANDONED
        assert list(using.blobs.names(f"{TENANT}/{CASE}")) == []
        again = open_case_log(using, TENANT, CASE)
        assert again.is_shredded
        with pytest.raises(ConflictError, match="new case"):
            capture_file(source, tracks=ROLES, using=CapturePorts(again))


def test_a_file_refused_at_the_door_leaves_the_case_open_for_another(tmp_path: Path) -> None:
    good = make_media(tmp_path / "sale.mp4", Clip(seconds=4))
    bad = tmp_path / "cut.mp4"
    bad.write_bytes(good.read_bytes()[:-1000])
    create_home(tmp_path / "home")
    with open_home(tmp_path / "home") as using:
        log = open_case_log(using, TENANT, CASE)
        with pytest.raises(InvalidError, match="truncated"):
            capture_file(bad, tracks=ROLES, using=CapturePorts(log))
        assert log.events == ()
        assert len(capture_file(good, tracks=ROLES, using=CapturePorts(log)).segments) == 2
