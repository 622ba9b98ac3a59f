"""The recorder without a file: where segments begin and end, what is declared as a gap, and what is refused."""

from __future__ import annotations

import itertools

import pytest

from jianlu.capture.recording.model import Sample
from jianlu.core.errors import InvalidError
from tests.fakes.capture.recordings import (
    AGENT,
    CUSTOMER,
    PICTURE,
    SCREEN,
    frame,
    interleaved,
    picture_times,
    record,
    shown_in,
    sound,
)


def speech(until_ms: int, *, start_ms: int = 0) -> list[Sample]:
    return [sound(at) for at in range(start_ms, until_ms, 20)]


def film(until_ms: int, *, start_ms: int = 0) -> list[Sample]:
    return [frame(at, is_sync=at == start_ms) for at in picture_times(until_ms, start_ms=start_ms)]


def screen(until_ms: int, *, start_ms: int = 0, step_ms: int = 40) -> list[Sample]:
    return [frame(at) for at in range(start_ms, until_ms, step_ms)]


def test_segments_are_about_two_seconds_and_leave_no_second_out() -> None:
    recorded = record([PICTURE, AGENT], interleaved(film(9_000), speech(9_000)))
    assert recorded.ranges[0][0] == 0
    assert all(before[1] == after[0] for before, after in zip(recorded.ranges, recorded.ranges[1:], strict=False))
    assert all(2_000 <= end - start <= 2_120 for start, end in recorded.ranges[:-1])
    assert 9_000 <= recorded.ranges[-1][1] <= 9_040
    assert recorded.gaps == []


def test_a_segment_holds_exactly_what_is_shown_in_its_stretch() -> None:
    recorded = record([PICTURE, AGENT, CUSTOMER], interleaved(film(7_000), speech(7_000), speech(7_000)))
    for segment in recorded.segments:
        for samples in shown_in(segment.plaintext).values():
            assert all(segment.from_ms <= sample.shown_at < segment.to_ms for sample in samples)


def test_no_frame_is_shown_before_it_is_decoded_and_decoding_never_goes_back() -> None:
    recorded = record([PICTURE], interleaved(film(7_000)))
    samples = [sample for segment in recorded.segments for sample in shown_in(segment.plaintext)[1]]
    assert all(sample.decoded_at <= sample.shown_at for sample in samples)
    assert all(before.decoded_at <= after.decoded_at for before, after in itertools.pairwise(samples))
    assert [sample.shown_at for sample in samples] == picture_times(7_000)


def test_the_session_begins_with_whatever_is_seen_or_heard_first() -> None:
    recorded = record([PICTURE, AGENT], interleaved(film(15_000, start_ms=10_700), speech(15_000, start_ms=10_000)))
    first = shown_in(recorded.segments[0].plaintext)
    assert (first[1][0].shown_at, first[2][0].shown_at) == (700, 0)
    assert recorded.gaps[0] == (0, 700, "starts_late", "picture")


def test_tracks_that_start_or_stop_within_half_a_second_of_each_other_are_no_gap() -> None:
    """Phones and browsers always differ by that much; calling it an interruption would fail nearly every lawful recording."""
    recorded = record([PICTURE, AGENT], interleaved(film(15_000, start_ms=10_300), speech(14_700, start_ms=10_000)))
    assert recorded.gaps == []


def test_an_audio_coders_priming_lies_before_the_beginning_and_is_hidden() -> None:
    primed = [sound(-21, 21, trim=21), *(sound(at, 21) for at in range(0, 5_000, 21))]
    recorded = record([SCREEN, AGENT], interleaved(screen(5_000), primed))
    assert shown_in(recorded.segments[0].plaintext)[2][0].shown_at == 0
    assert shown_in(recorded.segments[0].plaintext)[1][0].shown_at == 0
    edit = recorded.init.index(b"elst")
    assert int.from_bytes(recorded.init[edit + 20 : edit + 28]) == 21
    assert recorded.init.count(b"elst") == 1


def test_a_cut_in_the_source_is_declared_once_for_all_tracks() -> None:
    pictures = [*film(3_000), *film(9_000, start_ms=6_000)]
    voices = [*speech(3_000), *speech(9_000, start_ms=6_000)]
    recorded = record([PICTURE, AGENT, CUSTOMER], interleaved(pictures, voices, voices))
    # The picture's last frame ends 80 ms before the cut: two frames, so they are told apart.
    assert recorded.gaps == [
        (2_920, 3_000, "timestamps_jump", "picture"),
        (3_000, 6_000, "timestamps_jump", "source"),
    ]


def test_segments_step_over_a_long_cut_of_the_source() -> None:
    pictures = [*screen(3_000), *screen(3_604_000, start_ms=3_600_000)]
    voices = [*speech(3_000), *speech(3_604_000, start_ms=3_600_000)]
    recorded = record([SCREEN, AGENT], interleaved(pictures, voices))
    assert recorded.gaps == [(3_000, 3_600_000, "timestamps_jump", "source")]
    assert recorded.ranges == [(0, 2_000), (2_000, 3_000), (3_600_000, 3_602_000), (3_602_000, 3_604_000)]


def test_a_missing_picture_is_a_gap_of_the_picture_alone() -> None:
    pictures = [*screen(2_400), *screen(30_000, start_ms=20_000)]
    recorded = record([SCREEN, AGENT], interleaved(pictures, speech(30_000)))
    assert recorded.gaps == [(2_400, 20_000, "timestamps_jump", "picture")]
    assert all(end - start <= 3_000 for start, end in recorded.ranges)


def test_one_missing_frame_is_jitter_and_two_are_a_gap() -> None:
    for missing, gaps in ((1, []), (2, [(1_000, 1_080, "timestamps_jump", "picture")])):
        pictures = [frame(at) for at in range(0, 4_000, 40) if not 1_000 <= at < 1_000 + 40 * missing]
        assert record([SCREEN, AGENT], interleaved(pictures, speech(4_000))).gaps == gaps


def test_missing_sound_is_a_gap_beyond_a_tenth_of_a_second() -> None:
    for missing_ms, gaps in ((100, []), (120, [(1_000, 1_120, "timestamps_jump", "agent")])):
        voices = [sound(at) for at in range(0, 4_000, 20) if not 1_000 <= at < 1_000 + missing_ms]
        assert record([SCREEN, AGENT], interleaved(screen(4_000), voices)).gaps == gaps


def test_a_track_that_stops_early_is_declared_at_the_end() -> None:
    recorded = record([SCREEN, AGENT, CUSTOMER], interleaved(screen(40_000), speech(40_000), speech(5_000)))
    assert recorded.gaps == [(5_000, 40_000, "ends_early", "customer")]
    assert all(end - start <= 2_100 for start, end in recorded.ranges)


def test_a_track_that_starts_after_the_reach_of_the_buffer_is_declared() -> None:
    recorded = record([SCREEN, AGENT], interleaved(screen(40_000), speech(40_000, start_ms=25_000)))
    assert recorded.gaps == [(0, 25_000, "starts_late", "agent")]
    heard = [s.shown_at for segment in recorded.segments for s in shown_in(segment.plaintext).get(2, [])]
    assert heard[0] == 25_000


def test_gaps_of_a_slow_picture_follow_its_own_rhythm() -> None:
    recorded = record([SCREEN], interleaved(screen(20_000, step_ms=500)))
    assert recorded.gaps == []
    assert recorded.ranges[0] == (0, 2_000)


def test_time_that_goes_backwards_is_refused() -> None:
    with pytest.raises(InvalidError, match="go backwards"):
        record([SCREEN], [*enumerate_picture([0, 40, 80, 40])])
    with pytest.raises(InvalidError, match="go backwards"):
        record([PICTURE], [*enumerate_picture([*picture_times(8_000), 200])])


def test_tracks_stored_one_after_the_other_are_refused() -> None:
    with pytest.raises(InvalidError, match="too far behind"):
        record([SCREEN, AGENT], [*((0, s) for s in screen(60_000)), *((1, s) for s in speech(60_000))])


def test_a_frame_from_before_the_sessions_start_is_refused() -> None:
    rows = [(0, frame(0)), *((1, sound(at)) for at in range(0, 12_000, 20)), (0, frame(-500))]
    with pytest.raises(InvalidError, match="too far behind"):
        record([PICTURE, AGENT], rows)


def test_a_track_without_a_single_sample_is_refused() -> None:
    with pytest.raises(InvalidError, match="agent holds nothing"):
        record([SCREEN, AGENT], interleaved(screen(4_000)))


def test_a_recording_longer_than_a_day_is_refused() -> None:
    with pytest.raises(InvalidError, match="24 hours"):
        record([SCREEN], interleaved([*screen(4_000), *screen(25 * 3_600_000 + 4_000, start_ms=25 * 3_600_000)]))


def test_the_same_samples_give_the_same_bytes() -> None:
    first, second = (record([PICTURE, AGENT], interleaved(film(7_000), speech(7_000))) for _ in range(2))
    assert first.outputs == second.outputs


def enumerate_picture(times: list[int]) -> list[tuple[int, Sample]]:
    return [(0, frame(at)) for at in times]
