"""What is handed out for one role is what was sealed: every coded frame of its tracks, at its time, and nothing of the others."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jianlu.core.errors import InvalidError
from jianlu.deliver.playback.extract import extract_init, extract_segment
from jianlu.deliver.playback.fragments import begins_with_key_frame, fragments_of, samples_of
from jianlu.deliver.playback.media import open_init, open_segment, segment_events
from jianlu.deliver.playback.roles import roles_of
from jianlu.deliver.playback.streams import streams_of
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.playable import open_recording
from tests.fakes.capture.make_media import Clip, make_media
from tests.fakes.capture.recordings import AGENT, CUSTOMER, PICTURE, frame, interleaved, picture_times, record, sound
from tests.fakes.playback.live_recording import feeds_of, record_live
from tests.fakes.vault.home import CASE, TENANT, memory_vault

BASELINE = {"preset": "ultrafast", "bf": "0", "g": "50"}
FORMS = {
    "h264": Clip("libx264", "libopus", seconds=7, audio_tracks=1),
    "vp8": Clip("libvpx", "libopus", seconds=7, audio_tracks=1),
}


@pytest.fixture(scope="module", params=["h264", "vp8"])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseLog]:
    """A call of two, each with a camera and a microphone."""
    folder = tmp_path_factory.mktemp("live")
    clip = FORMS[request.param]
    ending = "mkv" if request.param == "vp8" else "mp4"
    seats = {seat: make_media(folder / f"{seat}.{ending}", clip) for seat in ("agent", "customer")}
    with memory_vault() as using:
        log = open_case_log(using, TENANT, CASE)
        record_live(log, feeds_of(seats))
        yield log


def _decoded(container: Any, kind: str, index: int) -> list[tuple[int, bytes]]:
    stream = (container.streams.video if kind == "video" else container.streams.audio)[index]
    found = []
    for packet in container.demux(stream):
        for shown in packet.decode():
            found.append((round(shown.pts * stream.time_base * 1000), shown.to_ndarray().tobytes()))
    return found


@pytest.mark.parametrize(("role", "index"), [("agent", 0), ("customer", 1)])
def test_a_role_decodes_as_it_does_in_the_whole_recording(live: CaseLog, role: str, index: int) -> None:
    numbers = [event.body["no"] for event in segment_events(live.events)]
    assert len(numbers) >= 3
    alone = open_init(live, role).content + b"".join(open_segment(live, role, no).content for no in numbers)
    for kind in ("video", "audio"):
        with av.open(io.BytesIO(alone), "r") as own, av.open(open_recording(live), "r", format="mp4") as whole:
            assert (len(own.streams.video), len(own.streams.audio)) == (1, 1)
            shown, expected = _decoded(own, kind, 0), _decoded(whole, kind, index)
        assert len(shown) == len(expected) > 100
        assert [content for _, content in shown] == [content for _, content in expected]
        assert max(abs(at - was) for (at, _), (was, _) in zip(shown, expected, strict=True)) <= 1


def test_every_role_says_what_a_browser_must_play(live: CaseLog) -> None:
    (agent, customer) = roles_of(live)
    assert (agent.role, customer.role) == ("agent", "customer")
    assert agent.mime in ('video/mp4; codecs="avc1.64000b, opus"', 'video/webm; codecs="vp8, opus"')
    assert agent.is_webm == ("vp8" in agent.mime)


def test_any_segment_alone_follows_the_beginning(live: CaseLog) -> None:
    """A player that jumps appends the beginning and then a segment from the middle."""
    no = segment_events(live.events)[1].body["no"]
    clip = open_init(live, "customer").content + open_segment(live, "customer", no).content
    with av.open(io.BytesIO(clip), "r") as container:
        packets = [packet for packet in container.demux(container.streams.audio[0]) if packet.size]
        assert packets[0].pts is not None
        start_ms = packets[0].pts * packets[0].time_base * 1000
    assert abs(start_ms - segment_events(live.events)[1].body["from_ms"]) < 60


# -- the pure half, for any interleaving ---------------------------------------------------------------------------------


@given(step_ms=st.integers(20, 200), hole=st.integers(0, 3000), kept=st.sets(st.sampled_from([1, 2, 3]), min_size=1))
def test_kept_tracks_keep_every_sample_and_others_leave_no_byte(step_ms: int, hole: int, kept: set[int]) -> None:
    pictures = [frame(at, is_sync=at == 0) for at in picture_times(9000, step_ms=step_ms)]
    agent = [sound(at) for at in range(0, 9000, 20) if not 3000 <= at < 3000 + hole]
    customer = [sound(at) for at in range(0, 9000, 20)]
    recorded = record([PICTURE, AGENT, CUSTOMER], interleaved(pictures, agent, customer))
    init = extract_init(recorded.init, kept)
    assert {stream.number for stream in streams_of(init)} == kept
    for segment in recorded.segments:
        alone = extract_segment(segment.plaintext, kept)
        for number in (1, 2, 3):
            before, after = samples_of(segment.plaintext, number), samples_of(alone, number)
            told = [(s.pts, s.is_sync, segment.plaintext[s.at : s.at + s.size]) for s in before]
            assert [(s.pts, s.is_sync, alone[s.at : s.at + s.size]) for s in after] == (told if number in kept else [])
        payload = sum(s.size for number in kept for s in samples_of(segment.plaintext, number))
        boxes = list(fragments_of(alone))
        assert len(alone) == payload + sum(each.box.end - each.box.at + 8 for each in boxes)


def test_all_tracks_kept_is_the_same_bytes() -> None:
    pictures = [frame(at, is_sync=at == 0) for at in picture_times(5000)]
    recorded = record([PICTURE, AGENT], interleaved(pictures, [sound(at) for at in range(0, 5000, 20)]))
    assert extract_init(recorded.init, {1, 2}) == recorded.init
    assert [extract_segment(s.plaintext, {1, 2}) for s in recorded.segments] == [s.plaintext for s in recorded.segments]


def test_a_key_frame_is_seen_from_the_first_bytes() -> None:
    pictures = [frame(at, is_sync=at in (0, 4000)) for at in range(0, 8000, 40)]
    recorded = record([PICTURE, AGENT], interleaved(pictures, [sound(at) for at in range(0, 8000, 20)]))
    heads = [segment.plaintext[:8192] for segment in recorded.segments]
    assert [begins_with_key_frame(head, 1) for head in heads] == [True, False, True, False]
    assert begins_with_key_frame(heads[0][:40], 1) is None


@given(at=st.integers(0, 4000), value=st.integers(0, 255))
def test_a_damaged_segment_is_refused_or_read_and_never_breaks_out(at: int, value: int) -> None:
    pictures = [frame(time, is_sync=time == 0) for time in picture_times(2000)]
    recorded = record([PICTURE, AGENT], interleaved(pictures, [sound(time) for time in range(0, 2000, 20)]))
    damaged = bytearray(recorded.segments[0].plaintext)
    damaged[at % len(damaged)] = value
    told = ""
    try:
        assert isinstance(extract_segment(bytes(damaged), {2}), bytes)
    except InvalidError as error:
        told = str(error)
    assert not told or "segment" in told


def test_presentation_times_are_exact_fractions_of_the_tracks_clock(tmp_path: Path) -> None:
    source = make_media(tmp_path / "agent.mp4", Clip("libx264", "libopus", seconds=3, audio_tracks=1))
    with memory_vault() as using:
        log = open_case_log(using, TENANT, CASE)
        record_live(log, feeds_of({"agent": source}))
        (agent,) = roles_of(log)
        assert agent.camera is not None
        first = log.open_object("seg-000001")
        times = [Fraction(s.pts, agent.camera.timescale) for s in samples_of(first, agent.camera.number)]
    assert sorted(times)[:3] == [Fraction(0), Fraction(1, 25), Fraction(2, 25)]
