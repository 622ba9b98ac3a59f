"""Sync: how far the sound of each track lies from the picture, by the marks that both carry, and how that changes.

A mark of the picture is paired with the nearest tone within a second. Where a live session has no marks, the senders' own clocks say it
(`sender_clock.py`); a finding by them names that method. Without either nothing is said. How marks look and sound is `marks.py`'s.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import groupby
from statistics import median
from typing import Any

from jianlu.core.terms.findings import Finding, FindingKind
from jianlu.process.inspectors import marks as clapper
from jianlu.process.inspectors.marks import Mark
from jianlu.process.inspectors.measures import rule_engine
from jianlu.process.inspectors.sender_clock import ClockSample

SEARCH_MS = 1000
"""Sound that is further off than this cannot be told from another mark's."""

MARKS_MAX = 100_000
"""Marks of one track: one a second for a day. More are noise, and the rest is not read."""

ENGINE = rule_engine(
    "jianlu.sync",
    "1",
    {
        "search_ms": SEARCH_MS,
        "mark_ms_min": clapper.MARK_MS_MIN,
        "mark_ms_max": clapper.MARK_MS_MAX,
        "tone_hz": clapper.TONE_HZ,
        "tone_cdb_min": clapper.TONE_CDB_MIN,
        "tone_permille_min": clapper.TONE_PERMILLE_MIN,
        "smooth_samples": clapper.SMOOTH_SAMPLES,
        "square_luma_min": clapper.SQUARE_LUMA_MIN,
        "square_rise_min": clapper.SQUARE_RISE_MIN,
    },
)


def sync_findings(squares: Sequence[Mark], tones: Mapping[str, Sequence[Mark]]) -> list[Finding]:
    """OFFSET for each mark that a track answers, and DRIFT for each track that answers two or more."""
    found = []
    for track, heard in tones.items():
        pairs = _pairs(squares[:MARKS_MAX], heard[:MARKS_MAX])
        for square, tone in pairs:
            value = {"offset_ms": tone.from_ms - square.from_ms}
            found.append(_finding(FindingKind.OFFSET, track, square.from_ms, square.to_ms, tone.score, value))
        if len(pairs) >= 2:
            (first, first_tone), (last, last_tone) = pairs[0], pairs[-1]
            drift = (last_tone.from_ms - last.from_ms) - (first_tone.from_ms - first.from_ms)
            score = min(tone.score for _, tone in pairs)
            value = {"drift_ms": drift, "marks": len(pairs)}
            found.append(_finding(FindingKind.DRIFT, track, first.from_ms, last.to_ms, score, value))
    return found


STEP_MS = 10_000
"""Samples of the senders' clocks are told once for each stretch of this length, by the one that lies furthest off."""

SENDER_REPORTS = rule_engine("sender-reports", "1", {"step_ms": STEP_MS})


def clock_findings(track: str, samples: Sequence[ClockSample], end_ms: int) -> list[Finding]:
    """OFFSET for each ten seconds of `samples` (of one track, in time order), and DRIFT from the first stretch to the last.

    The drift is between the medians of the first and the last stretch: single reports jitter by a few milliseconds.
    """
    stretches = [list(group) for _, group in groupby(samples, key=lambda sample: sample.at_ms // STEP_MS)]
    found = []
    for group in stretches:
        worst = max(group, key=lambda sample: abs(sample.offset_ms))
        value = {"offset_ms": worst.offset_ms, "method": "sender_reports"}
        found.append(_reported(FindingKind.OFFSET, track, group[0].at_ms, max(group[-1].at_ms, group[0].at_ms), value))
    if len(stretches) >= 2:
        first, last = (round(median(sample.offset_ms for sample in group)) for group in (stretches[0], stretches[-1]))
        value = {"drift_ms": last - first, "marks": len(stretches), "method": "sender_reports"}
        found.append(_reported(FindingKind.DRIFT, track, samples[0].at_ms, min(samples[-1].at_ms, end_ms), value))
    return found


def _reported(kind: FindingKind, track: str, from_ms: int, to_ms: int, value: dict[str, Any]) -> Finding:
    return Finding("", kind, track, from_ms, max(from_ms, to_ms), 1000, 1000, SENDER_REPORTS, value)


def _finding(kind: FindingKind, track: str, from_ms: int, to_ms: int, score: int, value: dict[str, int]) -> Finding:
    return Finding("", kind, track, from_ms, to_ms, score, clapper.TONE_PERMILLE_MIN, ENGINE, value)


def _pairs(squares: Sequence[Mark], tones: Sequence[Mark]) -> list[tuple[Mark, Mark]]:
    """Each square with the tone nearest to it, where that is within the search and no other square is nearer to the tone."""
    pairs = []
    for square in squares:
        tone = _nearest(tones, square.from_ms)
        if tone is not None and abs(tone.from_ms - square.from_ms) <= SEARCH_MS and _nearest(squares, tone.from_ms) is square:
            pairs.append((square, tone))
    return pairs


def _nearest(marks: Sequence[Mark], at_ms: int) -> Mark | None:
    """Of `marks` in time order, the one that begins nearest to `at_ms`."""
    place = bisect_left(marks, at_ms, key=lambda mark: mark.from_ms)
    return min(marks[max(0, place - 1) : place + 1], key=lambda mark: abs(mark.from_ms - at_ms), default=None)
