"""The port to the rooms of live sessions: who sends, who watches, and whether anything is forwarded at all.

A room is one case. A feed is one person's camera and microphone (`agent`) or one share (`agent-screen`); a viewer subscribes to one
feed on a connection of its own. Signalling is WHIP and WHEP (RFC 9725): one offer, one answer, trickle fragments (RFC 8840).
Nothing about recording is here: recorders read the tap of the process that holds the room.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, Protocol

from jianlu.core.errors import InvalidError

FeedState = Literal["connecting", "connected", "interrupted", "closed"]
VIDEO_CODECS = ("h264", "vp8")
ROOM_CODECS = (*VIDEO_CODECS, "opus")
OFFER_BYTES_MAX = 64 * 1024
"""Chromium's longest offers (simulcast, every codec, many candidates) stay under 20 KiB."""


@dataclass(frozen=True, slots=True)
class RoomSpec:
    """What a room allows: codecs in order of preference; an encrypted room carries frames that only its members can read."""

    codecs: tuple[str, ...] = ROOM_CODECS
    is_encrypted: bool = False

    def __post_init__(self) -> None:
        """Raises InvalidError for a codec that no recorder understands, or a room without sound or picture."""
        unknown = set(self.codecs) - set(ROOM_CODECS)
        if unknown or "opus" not in self.codecs or not {"h264", "vp8"} & set(self.codecs):
            raise InvalidError("a room has opus and at least one of h264 and vp8: correct the plan's codecs")


@dataclass(frozen=True, slots=True)
class Connection:
    """One peer's connection: its unguessable id, the answer to its offer, and the ETag of its ICE session (the answer's ice-ufrag)."""

    id: str
    answer_sdp: str
    etag: str


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """How a feed does: rates are of the last second or so; 0 where nothing is known yet."""

    feed: str
    state: FeedState
    audio_codec: str
    video_codec: str
    width: int
    height: int
    fps: int
    kbps_in: int
    loss_permille: int
    rtt_ms: int
    viewers: int


@dataclass(frozen=True, slots=True)
class RoomStatus:
    """A room now."""

    room: str
    is_forwarding: bool
    feeds: tuple[FeedStatus, ...]


class Rooms(Protocol):
    """The rooms of a selective forwarding unit. Calls are synchronous, safe from threads, and raise UnavailableError when it is away."""

    def open_room(self, room: str, spec: RoomSpec) -> None:
        """Make the room, forwarding nothing yet; idempotent. ConflictError when it is open with another spec."""

    def publish(self, room: str, feed: str, offer_sdp: str) -> Connection:
        """Let the offering peer send `feed`. A feed that was interrupted goes on with the new peer: its viewers keep their connections.
        A peer of whom nothing ever came is replaced too.

        NotFoundError for a room that is not open; ConflictError while another peer is sending this feed; InvalidError for an offer
        that is not SDP, is too long, or has nothing that the room allows.
        """

    def subscribe(self, room: str, feed: str, offer_sdp: str, viewer: str) -> Connection:
        """Let the offering peer watch `feed`, which need not be there yet. Errors as `publish`.

        A unit that needs the feed to be there raises UnavailableError: subscribe when its state is connected.
        """

    def renegotiate(self, room: str, connection: str, offer_sdp: str) -> Connection:
        """Another offer on the same connection: tracks added or stopped, or ICE restarted (then the ETag is a new one).

        NotFoundError for a connection that is gone; InvalidError as `publish`, and when the offer is not of this connection.
        """

    def trickle(self, room: str, connection: str, fragment: str, etag: str) -> str:
        """An ICE fragment (RFC 8840): candidates return ""; new credentials restart ICE and return the fragment with ours.

        `etag` is the one that the peer believes in, "*" for a restart; ConflictError when it is another. After a restart the ETag is
        the `a=ice-ufrag` of the fragment returned.
        """

    def close_connection(self, room: str, connection: str) -> None:
        """Let the peer go; idempotent."""

    def set_forwarding(self, room: str, is_on: bool) -> None:
        """Whether viewers get anything. What peers send is received, and tapped by recorders, either way."""

    def status(self, room: str) -> RoomStatus:
        """The room now; NotFoundError when it is not open."""

    def close_room(self, room: str) -> None:
        """Let all peers go and forget the room; idempotent."""

    def describe(self) -> tuple[str, str]:
        """Name and version of what forwards, for the event at the start of a recording."""


def shard_of(room: str, shards: int) -> int:
    """Which of `shards` media processes holds `room`: the same answer in every process and at every time."""
    return int.from_bytes(hashlib.sha256(room.encode()).digest()[:8], "big") % shards
