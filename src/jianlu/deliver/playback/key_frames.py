"""In which segments a role's picture can be begun: those that hold a key frame. Segments do not begin with one of themselves.

Only the first bytes of a segment are decrypted to see it, and what was seen is remembered: booleans, nothing of the media.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence

from jianlu.core.formats.event import Event
from jianlu.deliver.playback.fragments import begins_with_key_frame, first_fragment_bytes, samples_of
from jianlu.vault.case_log import CaseLog

HEAD_BYTES = 16 * 1024
"""The tables of a two-second fragment are some 5 kB; a sealed object is decrypted in chunks of 16 kB at least."""

REMEMBERED_MAX = 200_000
"""Segments whose answer is remembered: a hundred hours."""

_remembered: dict[tuple[str, frozenset[int]], frozenset[int]] = {}
"""By the event's digest and the tracks that were asked for: who sees other roles asks for others."""
_lock = threading.Lock()


def key_frames_in(log: CaseLog, segments: Sequence[Event], numbers: Collection[int]) -> list[frozenset[int]]:
    """For each event of `segments`, which of the tracks `numbers` (all cameras of the recording) have a key frame in it."""
    return [_with_key_frames(log, event, numbers) for event in segments]


def _with_key_frames(log: CaseLog, event: Event, numbers: Collection[int]) -> frozenset[int]:
    name, version = str(event.body["object"]), int(event.body["version"])
    key = (event.digest, frozenset(numbers))
    with _lock:
        if key in _remembered:
            return _remembered[key]
    head = log.open_object_range(name, 0, min(HEAD_BYTES, int(event.body["plain_bytes"])), version)
    found = {number for number in numbers if begins_with_key_frame(head, number)}
    if len(found) < len(numbers):  # there may be further fragments behind a hole, or tables longer than any that we write
        found |= _in_the_rest(log, event, head, set(numbers) - found)
    with _lock:
        if len(_remembered) >= REMEMBERED_MAX:
            _remembered.clear()
        _remembered[key] = frozenset(found)
    return frozenset(found)


def _in_the_rest(log: CaseLog, event: Event, head: bytes, numbers: Collection[int]) -> set[int]:
    if first_fragment_bytes(head) == event.body["plain_bytes"]:
        return set()
    whole = log.open_object(event.body["object"], event.body["version"])
    return {number for number in numbers if any(sample.is_sync for sample in samples_of(whole, number))}
