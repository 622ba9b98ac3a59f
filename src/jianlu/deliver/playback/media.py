"""One role's init and media segments, opened from the vault as they are asked for: only the segment that is wanted is decrypted.

Works while a session is live, up to its last sealed segment. How bytes are taken apart is `extract.py` and `webm.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jianlu.core.errors import NotFoundError
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.deliver.playback.extract import extract_init, extract_segment
from jianlu.deliver.playback.roles import RoleMedia, find_role, recording_start
from jianlu.deliver.playback.webm import webm_init, webm_segment
from jianlu.vault.case_log import CaseLog


@dataclass(frozen=True, slots=True)
class Clip:
    """Media bytes, and what they are."""

    content: bytes
    mime: str


def open_init(log: CaseLog, role: str) -> Clip:
    """What a player needs of `role` before any segment; NotFoundError when the recording has no such role."""
    found = find_role(log, role)
    if found.is_webm:
        return Clip(webm_init(found.streams), found.mime)
    fields = recording_start(log.events).body["init"]
    return Clip(extract_init(log.open_object(fields["object"], fields["version"]), _numbers(found)), found.mime)


def open_segment(log: CaseLog, role: str, no: int) -> Clip:
    """Media segment `no` of `role`, empty where the role has nothing in it; NotFoundError when it is not sealed (yet)."""
    found = find_role(log, role)
    body = _segment_event(log.events, no).body
    whole = log.open_object(body["object"], body["version"])
    content = webm_segment(whole, found.streams) if found.is_webm else extract_segment(whole, _numbers(found))
    return Clip(content, found.mime)


def segment_events(events: Sequence[Event]) -> list[Event]:
    """The events of the sealed media segments, in order."""
    return [event for event in events if event.type is EventType.SEGMENT_SEALED]


def _segment_event(events: Sequence[Event], no: int) -> Event:
    for event in segment_events(events):
        if event.body["no"] == no:
            return event
    raise NotFoundError("the recording has no segment of that number: ask for the manifest again")


def _numbers(role: RoleMedia) -> set[int]:
    return {stream.number for stream in role.streams}
