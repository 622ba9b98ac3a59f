"""The senders' own clocks as sync evidence: the recorder's `clock` objects, read (`specs/live-recording.md`, `jianlu/clock/v1`).

A browser stamps its sound and its picture with one clock (RTCP sender reports). How far the recording puts the two apart from what
that clock says is measured while recording; here the samples are only read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import parse_canonical

FORMAT = "jianlu/clock/v1"
CLOCK_BYTES_MAX = 8 << 20
SAMPLES_MAX = 200_000
"""Bounds of one document: a sample a second of eight seats for some hours."""

OFFSET_MS_MAX = 3_600_000
"""An offset beyond an hour is nonsense, and the document with it."""


@dataclass(frozen=True, slots=True)
class ClockSample:
    """At `at_ms` of the session the sound of `track` lay `offset_ms` behind its picture (negative: before it)."""

    track: str
    at_ms: int
    offset_ms: int


def parse_clock(content: bytes) -> tuple[ClockSample, ...]:
    """The samples of one `clock` object, in its order; raises InvalidError for anything that is not exactly version 1."""
    fields = parse_canonical(content, bytes_max=CLOCK_BYTES_MAX)
    if not isinstance(fields, dict) or set(fields) != {"format", "samples"} or fields["format"] != FORMAT:
        raise InvalidError("a clock document is not of version 1")
    samples = fields["samples"]
    if not isinstance(samples, list) or len(samples) > SAMPLES_MAX:
        raise InvalidError("a clock document has more samples than allowed, or none that can be read")
    return tuple(_sample(entry) for entry in samples)


def samples_of(contents: Iterable[bytes]) -> tuple[ClockSample, ...]:
    """The samples of several documents of one case, by track and time; raises as `parse_clock`."""
    found = [sample for content in contents for sample in parse_clock(content)]
    return tuple(sorted(found, key=lambda sample: (sample.track, sample.at_ms)))


def _sample(entry: Any) -> ClockSample:
    if not isinstance(entry, list) or len(entry) != 3 or not isinstance(entry[0], str):
        raise InvalidError("a sample of a clock document has the wrong form")
    _, at_ms, offset_ms = entry
    for number in (at_ms, offset_ms):
        if not isinstance(number, int) or isinstance(number, bool):
            raise InvalidError("times of a clock document are whole milliseconds")
    if at_ms < 0 or abs(offset_ms) > OFFSET_MS_MAX:
        raise InvalidError("a time of a clock document is out of bounds")
    return ClockSample(entry[0], at_ms, offset_ms)
