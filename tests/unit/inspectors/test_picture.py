"""Black and frozen pictures, found in real encoded video to the frame."""

from __future__ import annotations

import io

import numpy as np
import pytest

from jianlu.core.terms.findings import Finding, FindingKind
from jianlu.process.inspectors.picture import PictureTrack
from jianlu.process.media.picture import pictures
from tests.fakes.inspectors.clips import Clip, Image, make_clip, moving_picture

FRAME_MS = 40


def findings_of(clip: Clip, end_ms: int | None = None) -> list[Finding]:
    track = PictureTrack("picture")
    for picture in pictures(io.BytesIO(make_clip(clip)), 0):
        track.look(picture)
    track.finish(clip.duration_ms if end_ms is None else end_ms)
    return track.findings


def ranges(found: list[Finding], kind: FindingKind) -> list[tuple[int, int]]:
    return [(f.from_ms, f.to_ms) for f in found if f.kind is kind]


def test_a_live_picture_has_no_findings() -> None:
    assert findings_of(Clip()) == []


def test_black_is_found_to_the_frame() -> None:
    found = findings_of(Clip(black=(1000, 3000)))
    assert ranges(found, FindingKind.BLACK) == [(1000, 3000)]
    assert found[0].value["luma"] <= 3
    assert ranges(found, FindingKind.FROZEN) == []


def test_black_until_the_end_is_found() -> None:
    assert ranges(findings_of(Clip(black=(3000, 4000))), FindingKind.BLACK) == [(3000, 4000)]


def test_a_covered_lens_that_still_makes_noise_is_black() -> None:
    def covered(at_ms: int) -> Image:
        noise = np.random.default_rng(at_ms).integers(0, 12, (180, 320, 1))
        return np.repeat(noise, 3, axis=2).astype(np.uint8)

    assert ranges(findings_of(Clip(paint=covered)), FindingKind.BLACK) == [(0, 4000)]


def test_a_dark_room_is_not_black() -> None:
    def dark(at_ms: int) -> Image:
        return (moving_picture((320, 180), at_ms) // 4).astype(np.uint8)

    assert findings_of(Clip(paint=dark)) == []


@pytest.mark.parametrize(
    ("codec", "bitrate", "options"),
    [
        ("libx264", 300_000, {"preset": "veryfast"}),
        ("libx264", 60_000, {"preset": "ultrafast", "g": "25"}),
        ("libvpx-vp9", 100_000, {"deadline": "realtime", "cpu-used": "8", "g": "25"}),
    ],
)
def test_a_frozen_picture_is_found_whatever_the_encoder_made_of_it(codec: str, bitrate: int, options: dict[str, str]) -> None:
    found = findings_of(Clip(codec=codec, bitrate=bitrate, options=options, frozen=(1000, 3000)))
    ((start, end),) = ranges(found, FindingKind.FROZEN)
    assert abs(start - 1000) <= 5 * FRAME_MS
    assert abs(end - 3000) <= 5 * FRAME_MS


def test_a_sync_mark_does_not_thaw_a_frozen_picture() -> None:
    ((start, end),) = ranges(findings_of(Clip(frozen=(1000, 3000), marks=(2000,))), FindingKind.FROZEN)
    assert end - start >= 1800


def test_missing_frames_leave_the_picture_frozen() -> None:
    ((start, end),) = ranges(findings_of(Clip(no_frames=(1000, 3000))), FindingKind.FROZEN)
    assert 1000 - 5 * FRAME_MS <= start <= 960
    assert end == 3000


def test_a_picture_that_ends_before_the_session_is_frozen_from_there() -> None:
    ((start, end),) = ranges(findings_of(Clip(), end_ms=9000), FindingKind.FROZEN)
    assert 4000 - 5 * FRAME_MS <= start <= 3960
    assert end == 9000


def test_a_short_still_is_somebody_sitting_still() -> None:
    assert findings_of(Clip(frozen=(1000, 1800))) == []


def test_a_mouth_that_moves_is_not_frozen() -> None:
    still = moving_picture((320, 180), 0)

    def talking(at_ms: int) -> Image:
        image = still.copy()
        image[100 : 106 + at_ms // 80 % 4 * 3, 150:166] = 60
        return image

    assert findings_of(Clip(paint=talking)) == []
