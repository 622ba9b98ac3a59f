"""Sync marks: both halves are found to a few milliseconds, paired, and told from speech, noise and white walls."""

from __future__ import annotations

import io

import pytest

from jianlu.core.terms.findings import FindingKind
from jianlu.process.inspectors.marks import Mark, SquareTrack, ToneTrack
from jianlu.process.inspectors.sync import sync_findings
from jianlu.process.media.picture import pictures
from jianlu.process.media.sound import sound_blocks
from tests.fakes.inspectors.clips import RATE_HZ, Clip, Image, Sound, make_clip, moving_picture, room_tone, with_burst


def tones_of(sound: Sound, codec: str = "aac") -> list[Mark]:
    duration_ms = len(sound) * 1000 // RATE_HZ
    clip = make_clip(Clip(duration_ms=duration_ms, size=(64, 36), sounds=(sound,), sound_codec=codec))
    track = ToneTrack()
    for block in sound_blocks(io.BytesIO(clip), 0):
        track.hear(block)
    track.finish()
    return track.marks


def squares_of(clip: Clip) -> list[Mark]:
    track = SquareTrack()
    for picture in pictures(io.BytesIO(make_clip(clip)), 0):
        track.look(picture)
    return track.marks


@pytest.mark.parametrize("codec", ["aac", "libopus"])
@pytest.mark.parametrize("at_ms", [600, 1013, 2499])
def test_a_tone_is_placed_within_a_few_milliseconds(codec: str, at_ms: int) -> None:
    (mark,) = tones_of(with_burst(room_tone(4000), at_ms), codec)
    assert abs(mark.from_ms - at_ms) <= 4
    assert abs(mark.to_ms - (at_ms + 120)) <= 6


def test_a_tone_over_street_noise_is_placed_too() -> None:
    (mark,) = tones_of(with_burst(room_tone(4000, -28), 1500))
    assert abs(mark.from_ms - 1500) <= 8


@pytest.mark.parametrize(
    "sound",
    [
        with_burst(room_tone(3000), 1000, duration_ms=400),
        with_burst(room_tone(3000), 1000, duration_ms=40),
        with_burst(room_tone(3000), 1000, hertz=1300),
        with_burst(room_tone(3000), 1000, level_db=-60),
        room_tone(3000, -20),
    ],
    ids=["too long", "too short", "another pitch", "too faint", "noise"],
)
def test_other_sounds_are_no_marks(sound: Sound) -> None:
    assert tones_of(sound) == []


@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_a_square_is_placed_to_the_frame(codec: str) -> None:
    assert [(m.from_ms, m.to_ms) for m in squares_of(Clip(codec=codec, marks=(600, 3000)))] == [(600, 720), (3000, 3120)]


def test_a_white_wall_and_a_flash_are_no_marks() -> None:
    def wall(at_ms: int) -> Image:
        image = moving_picture((320, 180), at_ms)
        image[:, :80] = 255
        return image

    def flash(at_ms: int) -> Image:
        image = moving_picture((320, 180), at_ms)
        if 1000 <= at_ms < 1600:
            image[:, :80] = 255
        return image

    assert squares_of(Clip(paint=wall)) == []
    assert squares_of(Clip(paint=flash)) == []


def marks(*starts: int) -> list[Mark]:
    return [Mark(start, start + 120, 900) for start in starts]


def offsets(squares: list[Mark], tones: list[Mark]) -> list[int]:
    found = sync_findings(squares, {"agent": tones})
    return [f.value["offset_ms"] for f in found if f.kind is FindingKind.OFFSET]


def test_late_sound_is_positive_and_early_sound_negative() -> None:
    assert offsets(marks(1000, 20_000), marks(1300, 20_300)) == [300, 300]
    assert offsets(marks(1000, 20_000), marks(900, 19_900)) == [-100, -100]


def test_drift_is_the_change_from_first_to_last() -> None:
    found = sync_findings(marks(1000, 20_000, 40_000), {"agent": marks(1010, 20_050, 40_130)})
    (drift,) = [f for f in found if f.kind is FindingKind.DRIFT]
    assert drift.value == {"drift_ms": 120, "marks": 3}
    assert (drift.from_ms, drift.to_ms) == (1000, 40_120)


def test_sound_further_than_a_second_away_is_no_answer() -> None:
    assert offsets(marks(1000), marks(2001)) == []
    assert offsets(marks(1000), marks(2000)) == [1000]


def test_a_tone_answers_one_square_only() -> None:
    assert offsets(marks(1000, 1800), marks(1750)) == [-50]


def test_each_track_is_measured_for_itself() -> None:
    found = sync_findings(marks(1000, 9000), {"agent": marks(1000, 9000), "customer": marks(1300)})
    assert [(f.track, f.kind.value) for f in found] == [
        ("agent", "offset"), ("agent", "offset"), ("agent", "drift"), ("customer", "offset"),
    ]  # fmt: skip


def test_without_marks_nothing_is_said() -> None:
    assert sync_findings([], {"agent": marks(1000)}) == []
    assert sync_findings(marks(1000), {"agent": []}) == []


def test_many_marks_are_paired_in_reasonable_steps() -> None:
    starts = range(0, 8_000_000, 400)
    assert len(offsets(marks(*starts), marks(*starts))) == 20_000
