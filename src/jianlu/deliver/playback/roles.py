"""Whose media a case holds: the tracks of its recording by role, each role with its camera and its microphone.

A role is a seat ("agent"), a share ("agent-screen"), or "picture" where one camera shows everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.deliver.playback import webm
from jianlu.deliver.playback.streams import Stream, streams_of
from jianlu.vault.case_log import CaseLog

_CAMERA, _SHARE = "-picture", "-screen"


@dataclass(frozen=True, slots=True)
class RoleMedia:
    """A role and its streams, the picture first; `mime` is what a `MediaSource` is asked for."""

    role: str
    streams: tuple[Stream, ...]
    mime: str

    @property
    def is_webm(self) -> bool:
        """Whether it is handed out as WebM, else as MP4."""
        return "/webm" in self.mime

    @property
    def camera(self) -> Stream | None:
        """Its picture, if it has one."""
        return next((stream for stream in self.streams if stream.kind == "video"), None)


def role_of(track: str) -> str:
    """The role to which a track belongs."""
    return track.removesuffix(_CAMERA)


def is_share(role: str) -> bool:
    """Whether a role is a share, which is recorded only while somebody shares."""
    return role.endswith(_SHARE)


def shared_in(events: Iterable[Event]) -> frozenset[str]:
    """The shares that there were."""
    return frozenset(str(event.body["track"]) for event in events if event.type is EventType.SHARE_STARTED)


def roles_of(log: CaseLog) -> tuple[RoleMedia, ...]:
    """The roles of the case's recording, in the order of its tracks; NotFoundError when nothing was recorded."""
    started = recording_start(log.events)
    fields = started.body["init"]
    return _roles(tuple(str(track[0]) for track in started.body["tracks"]), log.open_object(fields["object"], fields["version"]))


def find_role(log: CaseLog, role: str) -> RoleMedia:
    """The role called `role`; NotFoundError naming those that there are."""
    roles = roles_of(log)
    for found in roles:
        if found.role == role:
            return found
    raise NotFoundError(f"the recording has no such role: it has {', '.join(each.role for each in roles)}")


def recording_start(events: Sequence[Event]) -> Event:
    """The event that began the recording; NotFoundError when there is none."""
    found = next((event for event in events if event.type is EventType.RECORDING_STARTED), None)
    if found is None:
        raise NotFoundError("the case has no recording yet")
    return found


@lru_cache(maxsize=256)
def _roles(tracks: tuple[str, ...], init: bytes) -> tuple[RoleMedia, ...]:
    streams = streams_of(init)
    if len(streams) != len(tracks):
        raise InvalidError("the recording's beginning has other tracks than its event says")
    named: dict[str, list[Stream]] = {}
    for track, stream in zip(tracks, streams, strict=True):
        named.setdefault(role_of(track), []).append(stream)
    return tuple(_role(role, sorted(found, key=lambda each: each.kind != "video")) for role, found in named.items())


def _role(role: str, streams: Sequence[Stream]) -> RoleMedia:
    kind = "video" if any(stream.kind == "video" for stream in streams) else "audio"
    is_webm = any(stream.entry == "vp08" for stream in streams) and webm.holds(streams)
    codecs = ", ".join("vp8" if stream.entry == "vp08" else stream.codec for stream in streams)
    return RoleMedia(role, tuple(streams), f'{kind}/{"webm" if is_webm else "mp4"}; codecs="{codecs}"')
