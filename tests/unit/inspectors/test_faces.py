"""Faces by the second: one look each, counts, heights and how good the picture is."""

from __future__ import annotations

import io

from jianlu.core.terms.findings import Finding
from jianlu.process.inspectors.faces import FacesTrack
from jianlu.process.media.picture import pictures
from tests.fakes.inspectors.clips import Clip, make_clip
from tests.fakes.inspectors.engines import DiscDetector


def findings_of(clip: Clip) -> list[Finding]:
    track = FacesTrack("picture", DiscDetector())
    for picture in pictures(io.BytesIO(make_clip(clip)), 0):
        track.look(picture)
    track.finish(clip.duration_ms)
    return track.findings


def test_every_second_is_looked_at_once() -> None:
    found = findings_of(Clip(duration_ms=3400))
    assert [(f.from_ms, f.to_ms) for f in found] == [(0, 1000), (1000, 2000), (2000, 3000), (3000, 3400)]
    assert [f.value["count"] for f in found] == [1, 1, 1, 1]


def test_height_is_measured_against_the_frame() -> None:
    (first, *_) = findings_of(Clip(duration_ms=1000))
    (height,) = first.value["height_permille"]
    assert abs(height - 400) <= 40
    assert (first.score, first.threshold) == (900, 700)


def test_an_empty_picture_counts_nobody_and_says_how_dark_it_is() -> None:
    found = findings_of(Clip(duration_ms=3000, black=(1000, 2000)))
    assert [f.value["count"] for f in found] == [1, 0, 1]
    assert found[1].value["brightness"] < 5 < found[0].value["brightness"]
    assert found[1].value["sharpness"] < found[0].value["sharpness"]
    assert found[1].score == 0


def test_a_second_without_a_picture_has_no_finding() -> None:
    found = findings_of(Clip(duration_ms=4000, no_frames=(1000, 3000)))
    assert [f.from_ms for f in found] == [0, 3000]
