"""Whatever the samples' times are, the recorder keeps each sample once, in order, in the stretch that its segment claims."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from jianlu.capture.recording.model import Sample
from jianlu.core.errors import InvalidError
from tests.fakes.capture.recordings import AGENT, PICTURE, frame, interleaved, record, shown_in, sound

steps = st.lists(st.integers(1, 400), min_size=1, max_size=120)
leaps = st.lists(st.tuples(st.integers(0, 119), st.integers(500, 40_000)), max_size=3)


def times(start_ms: int, steps_ms: list[int], leaps_ms: list[tuple[int, int]]) -> list[int]:
    at, found = start_ms, []
    for place, step in enumerate(steps_ms):
        found.append(at)
        at += step + sum(leap for where, leap in leaps_ms if where == place)
    return found


def reordered(shown: list[int], depth: int) -> list[int]:
    """The same times in a decode order in which each group's last frame comes first."""
    groups = [shown[0:1], *(shown[at : at + depth] for at in range(1, len(shown), depth))]
    return [at for group in groups for at in [*group[-1:], *group[:-1]]]


@given(st.integers(0, 3_000), steps, leaps, st.integers(1, 12), st.integers(0, 3_000), steps, leaps)
def test_every_sample_is_kept_once_and_where_its_segment_says(
    first: int,
    picture_steps: list[int],
    picture_leaps: list[tuple[int, int]],
    depth: int,
    second: int,
    sound_steps: list[int],
    sound_leaps: list[tuple[int, int]],
) -> None:
    pictures = reordered(times(first, picture_steps, picture_leaps), depth)
    voices = times(second, sound_steps, sound_leaps)
    zero = min(*pictures, *voices)
    recorded = record([PICTURE, AGENT], interleaved([frame(at) for at in pictures], [sound(at) for at in voices]))

    found: dict[int, list[int]] = {1: [], 2: []}
    for segment in recorded.segments:
        for number, samples in shown_in(segment.plaintext).items():
            assert all(segment.from_ms <= sample.shown_at for sample in samples)
            assert all(sample.decoded_at <= sample.shown_at and sample.lasts >= 0 for sample in samples)
            found[number] += [sample.shown_at + zero for sample in samples]
    assert found == {1: pictures, 2: voices}

    ranges = recorded.ranges
    assert ranges[0][0] == 0
    assert all(start < end for start, end in ranges)
    for (_, before), (after, _) in itertools.pairwise(ranges):
        is_told = any(start <= before and after <= end and side == "source" for start, end, _, side in recorded.gaps)
        assert before == after or (before < after and is_told)
    assert all(start < end for start, end, _, _ in recorded.gaps)


@given(st.lists(st.tuples(st.booleans(), st.integers(-(1 << 40), 1 << 40), st.integers(0, 1 << 20)), max_size=60))
def test_times_without_any_order_end_in_segments_or_in_our_error(rows: list[tuple[bool, int, int]]) -> None:
    samples = [(int(is_sound), Sample(at, lasts, True, b"x")) for is_sound, at, lasts in rows]
    try:
        recorded = record([PICTURE, AGENT], samples)
    except InvalidError:
        return
    kept = sum(len(found) for segment in recorded.segments for found in shown_in(segment.plaintext).values())
    assert kept == len(rows)
