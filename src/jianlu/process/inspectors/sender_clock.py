"""The senders' own clocks as sync evidence: the recorder's `clock` objects, read (`specs/live-recording.md`, `jianlu/live-clock/v1`).

A browser stamps its sound and its picture with one clock (RTCP sender reports). How far the recording puts the two apart from what
that clock says is measured while recording; here the samples are only read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import parse_canonical

FORMAT = "jianlu/live-clock/v1"
CLOCK_BYTES_MAX = 8 << 20
SAMPLES_MAX = 200_000
"""Bounds of one document: a sample a second of eight seats for some hours."""

SKEW_US_MAX = 3_600_000_000
"""An offset beyond an hour is nonsense, and the document with it."""

_FIELDS = {"format", "from_ms", "to_ms", "seats"}
_SEAT_FIELDS = {"feed", "audio", "picture", "measured"}
_ROW_LENGTH = 4


@dataclass(frozen=True, slots=True)
class ClockSample:
    """At `at_ms` of the session the sound of `track` lay `offset_ms` behind its picture (negative: before it)."""

    track: str
    at_ms: int
    offset_ms: int


def parse_clock(content: bytes) -> tuple[ClockSample, ...]:
    """The samples of one `clock` object, in its order; raises InvalidError for anything that is not exactly version 1."""
    fields = parse_canonical(content, bytes_max=CLOCK_BYTES_MAX)
    if (
        not isinstance(fields, dict)
        or set(fields) != _FIELDS
        or fields["format"] != FORMAT
        or not isinstance(fields["seats"], list)
    ):
        raise InvalidError("a clock document is not of version 1")
    samples = [sample for seat in fields["seats"] for sample in _seat(seat)]
    if len(samples) > SAMPLES_MAX:
        raise InvalidError("a clock document has more samples than allowed")
    return tuple(samples)


def samples_of(contents: Iterable[bytes]) -> tuple[ClockSample, ...]:
    """The samples of several documents of one case, by track and time; raises as `parse_clock`."""
    found = [sample for content in contents for sample in parse_clock(content)]
    return tuple(sorted(found, key=lambda sample: (sample.track, sample.at_ms)))


def _seat(entry: Any) -> Iterator[ClockSample]:
    if not isinstance(entry, dict) or set(entry) != _SEAT_FIELDS or not isinstance(entry["measured"], list):
        raise InvalidError("a seat of a clock document has missing or unknown fields")
    track = entry["audio"]
    if not isinstance(track, str):
        raise InvalidError("a seat of a clock document names no track")
    for row in entry["measured"]:
        if not isinstance(row, list) or len(row) != _ROW_LENGTH:
            raise InvalidError("a sample of a clock document has the wrong form")
        at_ms, skew_us = row[:2]
        if not _is_whole(at_ms) or not (skew_us is None or _is_whole(skew_us)):
            raise InvalidError("times of a clock document are whole numbers")
        if at_ms < 0 or (skew_us is not None and abs(skew_us) > SKEW_US_MAX):
            raise InvalidError("a time of a clock document is out of bounds")
        if skew_us is not None:
            yield ClockSample(track, at_ms, round(skew_us / 1000))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
