"""In which segments a role's picture can be begun: those that hold a key frame. Segments do not begin with one of themselves.

Only the first bytes of a segment are decrypted to see it, and what was seen is remembered: booleans, nothing of the media.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from jianlu.core.formats.event import Event
from jianlu.deliver.playback.fragments import begins_with_key_frame, samples_of
from jianlu.vault.case_log import CaseLog

HEAD_BYTES = 16 * 1024
"""The tables of a two-second fragment are some 5 kB; a sealed object is decrypted in chunks of 16 kB at least."""

REMEMBERED_MAX = 200_000
"""Segments whose answer is remembered: a hundred hours."""

_remembered: dict[tuple[str, str, str, int], bool] = {}
_lock = threading.Lock()


def key_frames_in(log: CaseLog, segments: Sequence[Event], number: int) -> list[bool]:
    """For each event of `segments`, whether the segment has a key frame of track `number`."""
    return [_has_key_frame(log, event, number) for event in segments]


def _has_key_frame(log: CaseLog, event: Event, number: int) -> bool:
    name, version = str(event.body["object"]), int(event.body["version"])
    key = (log.tenant, log.case, f"{name}.{version}", number)
    with _lock:
        if key in _remembered:
            return _remembered[key]
    head_bytes = min(HEAD_BYTES, int(event.body["plain_bytes"]))
    found = begins_with_key_frame(log.open_object_range(name, 0, head_bytes, version), number)
    if not found:  # there may be further fragments behind a hole, or the tables are longer than any that we write
        found = any(sample.is_sync for sample in samples_of(log.open_object(name, version), number))
    with _lock:
        if len(_remembered) >= REMEMBERED_MAX:
            _remembered.clear()
        _remembered[key] = found
    return found
