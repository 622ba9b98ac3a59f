"""Rooms of a LiveKit server: its RoomService (Twirp, JSON), its WHIP endpoint `/whip/v1` for both directions, its access tokens (JWT).

UNTESTED against a real server: none can be had here. The requests follow LiveKit's documents and its server's source of 2026; the
tests hold them to a stand-in that knows only what is written here. There is no tap yet, so nothing can be recorded through it: it is
not among the choices of the settings, and `describe` says so.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from jianlu.capture.sessions.rooms import OFFER_BYTES_MAX, Connection, FeedState, FeedStatus, RoomSpec, RoomStatus
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnavailableError
from jianlu.runtime.clock import Clock

NAME, VERSION = "livekit", "protocol-2026-untested-no-recording"
_TOKEN_LIFE = timedelta(minutes=10)
_TIMEOUT_S = 5.0
_ANSWER_BYTES_MAX = 1 << 20
_STATES: dict[str, FeedState] = {"ACTIVE": "connected", "JOINED": "connecting", "JOINING": "connecting", "DISCONNECTED": "closed"}
_PARTICIPANTS_MAX = 64


@dataclass(frozen=True, slots=True)
class _Peer:
    """One connection: who it is to LiveKit, and what it watches, if it watches."""

    identity: str
    watches: str


@dataclass(slots=True)
class _Room:
    """A room that this process opened."""

    spec: RoomSpec
    is_forwarding: bool = False
    peers: dict[str, _Peer] = field(default_factory=dict)


class LiveKitRooms:
    """The port `Rooms` at the server at `url`; `key` and `secret` are an API key of it."""

    def __init__(self, url: str, key: str, secret: str, clock: Clock) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidError("LiveKit is named by its HTTP address, such as https://livekit.example.org")
        self._parts, self._key, self._secret, self._clock = parts, key, secret, clock
        self._rooms: dict[str, _Room] = {}
        self._count = 0

    def open_room(self, room: str, spec: RoomSpec) -> None:
        """As the port."""
        if room in self._rooms:
            if self._rooms[room].spec != spec:
                raise ConflictError("the room is open with other codecs: close it before it is opened anew")
            return
        self._call("CreateRoom", {"roomCreate": True}, {"name": room, "max_participants": _PARTICIPANTS_MAX})
        self._rooms[room] = _Room(spec)

    def publish(self, room: str, feed: str, offer_sdp: str) -> Connection:
        """As the port."""
        found = self._room(room)
        if any(each["identity"] == feed and each.get("state") == "ACTIVE" for each in self._participants(room)):
            raise ConflictError("another device is sending this feed: end it there, or wait until it is gone")
        grant = {"roomJoin": True, "room": room, "canPublish": True, "canSubscribe": False}
        return self._offer(found, _Peer(feed, ""), grant, offer_sdp, {})

    def subscribe(self, room: str, feed: str, offer_sdp: str, viewer: str) -> Connection:
        """As the port; UnavailableError while nobody sends the feed."""
        found = self._room(room)
        tracks = self._tracks(room, feed)
        if not tracks:
            raise UnavailableError("nobody sends this feed yet: subscribe when its state is connected")
        self._count += 1
        identity = f"viewer-{self._count}-{viewer}"
        grant = {"roomJoin": True, "room": room, "canPublish": False, "canSubscribe": True, "hidden": True}
        wanted = {"subscribedParticipantTrackNames": {feed: [str(track.get("name", "")) for track in tracks]}}
        made = self._offer(found, _Peer(identity, feed), grant, offer_sdp, {"X-LiveKit-ClientInfo": json.dumps(wanted)})
        if not found.is_forwarding:
            self._gate(room, found.peers[made.id], is_on=False)
        return made

    def renegotiate(self, room: str, connection: str, offer_sdp: str) -> Connection:
        """LiveKit's WHIP takes one offer for each connection: ConflictError."""
        self._peer(room, connection)
        raise ConflictError(
            f"LiveKit takes one offer ({len(offer_sdp)} bytes came) for each connection: close it and publish anew"
        )

    def trickle(self, room: str, connection: str, fragment: str, etag: str) -> str:
        """As the port."""
        peer = self._peer(room, connection)
        headers = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": etag}
        _, body = self._request("PATCH", f"/whip/v1/{connection}", fragment.encode(), self._joining(room, peer) | headers)
        return body.decode("utf-8", "replace")

    def close_connection(self, room: str, connection: str) -> None:
        """As the port."""
        found = self._rooms.get(room)
        peer = found.peers.pop(connection, None) if found else None
        if peer is not None:
            try:
                self._call("RemoveParticipant", {"roomAdmin": True, "room": room}, {"room": room, "identity": peer.identity})
            except NotFoundError:
                return

    def set_forwarding(self, room: str, is_on: bool) -> None:
        """As the port: viewers are subscribed to their tracks, or not."""
        found = self._room(room)
        found.is_forwarding = is_on
        for peer in found.peers.values():
            if peer.watches:
                self._gate(room, peer, is_on=is_on)

    def status(self, room: str) -> RoomStatus:
        """As the port; LiveKit tells no rates here."""
        found = self._room(room)
        watched = [peer.watches for peer in found.peers.values()]
        feeds = []
        for each in self._participants(room):
            if str(each["identity"]).startswith("viewer-"):
                continue
            video: dict[str, Any] = next((track for track in each.get("tracks", []) if track.get("type") == "VIDEO"), {})
            audio: dict[str, Any] = next((track for track in each.get("tracks", []) if track.get("type", "AUDIO") == "AUDIO"), {})
            feeds.append(
                FeedStatus(
                    feed=str(each["identity"]),
                    state=_STATES.get(str(each.get("state", "JOINING")), "connecting"),
                    audio_codec=_codec(audio),
                    video_codec=_codec(video),
                    width=int(video.get("width", 0)),
                    height=int(video.get("height", 0)),
                    fps=0,
                    kbps_in=0,
                    loss_permille=0,
                    rtt_ms=0,
                    viewers=watched.count(str(each["identity"])),
                )
            )
        return RoomStatus(room, found.is_forwarding, tuple(feeds))

    def close_room(self, room: str) -> None:
        """As the port."""
        if self._rooms.pop(room, None) is not None:
            try:
                self._call("DeleteRoom", {"roomCreate": True}, {"room": room})
            except NotFoundError:
                return

    def describe(self) -> tuple[str, str]:
        """Name, and a version that says that this was never tried against a server and records nothing."""
        return NAME, VERSION

    def _room(self, room: str) -> _Room:
        found = self._rooms.get(room)
        if found is None:
            raise NotFoundError("the room is not open: start the session first")
        return found

    def _peer(self, room: str, connection: str) -> _Peer:
        peer = self._room(room).peers.get(connection)
        if peer is None:
            raise NotFoundError("the connection is gone: publish or subscribe anew")
        return peer

    def _offer(self, room: _Room, peer: _Peer, grant: dict[str, Any], offer_sdp: str, headers: dict[str, str]) -> Connection:
        if not offer_sdp.startswith("v=0") or len(offer_sdp.encode()) > OFFER_BYTES_MAX:
            raise InvalidError("the offer is not SDP, or too large: send the browser's offer as it is")
        sent = {**headers, **self._bearer(peer.identity, grant), "Content-Type": "application/sdp"}
        answered, body = self._request("POST", "/whip/v1", offer_sdp.encode(), sent)
        made = Connection(
            answered.get("location", "").rpartition("/")[2], body.decode("utf-8", "replace"), answered.get("etag", "")
        )
        if not made.id:
            raise UnavailableError("LiveKit answered without a Location: see that its version has WHIP")
        room.peers[made.id] = peer
        return made

    def _gate(self, room: str, peer: _Peer, *, is_on: bool) -> None:
        sids = [track["sid"] for track in self._tracks(room, peer.watches)]
        request = {"room": room, "identity": peer.identity, "track_sids": sids, "subscribe": is_on}
        self._call("UpdateSubscriptions", {"roomAdmin": True, "room": room}, request)

    def _participants(self, room: str) -> list[dict[str, Any]]:
        found = self._call("ListParticipants", {"roomAdmin": True, "room": room}, {"room": room})
        return list(found.get("participants", []))

    def _tracks(self, room: str, feed: str) -> list[dict[str, Any]]:
        return [track for each in self._participants(room) if each["identity"] == feed for track in each.get("tracks", [])]

    def _joining(self, room: str, peer: _Peer) -> dict[str, str]:
        return self._bearer(peer.identity, {"roomJoin": True, "room": room})

    def _call(self, method: str, grant: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
        headers = {**self._bearer("jianlu", grant), "Content-Type": "application/json"}
        _, body = self._request("POST", f"/twirp/livekit.RoomService/{method}", json.dumps(request).encode(), headers)
        try:
            return dict(json.loads(body or b"{}"))
        except ValueError as error:
            raise UnavailableError("LiveKit answered something else than JSON: see that its address is right") from error

    def _bearer(self, identity: str, grant: dict[str, Any]) -> dict[str, str]:
        now = self._clock.now()
        claims = {
            "iss": self._key,
            "sub": identity,
            "nbf": int(now.timestamp()),
            "exp": int((now + _TOKEN_LIFE).timestamp()),
            "video": grant,
        }
        head = _encoded({"alg": "HS256", "typ": "JWT"}) + "." + _encoded(claims)
        signature = hmac.new(self._secret.encode(), head.encode(), hashlib.sha256).digest()
        return {"Authorization": f"Bearer {head}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"}

    def _request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[dict[str, str], bytes]:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=_TIMEOUT_S)
        try:
            connection.request(method, self._parts.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            content = answer.read(_ANSWER_BYTES_MAX)
        except (OSError, http.client.HTTPException) as error:
            raise UnavailableError("LiveKit does not answer: see that it runs and that its address is right") from error
        finally:
            connection.close()
        _refuse(answer.status)
        return {name.lower(): value for name, value in answer.getheaders()}, content


def _refuse(status: int) -> None:
    if status in (401, 403):
        raise DeniedError("LiveKit refuses the API key: see its key and secret")
    if status == 404:
        raise NotFoundError("LiveKit does not know it: publish or subscribe anew")
    if status in (409, 412, 428):
        raise ConflictError("ICE was restarted since, or somebody else is there: look at the present state")
    if 400 <= status < 500:
        raise InvalidError(f"LiveKit refused the request ({status}): offer what the room allows")
    if status >= 500:
        raise UnavailableError(f"LiveKit failed ({status}): look at its log")


def _codec(track: dict[str, Any]) -> str:
    return str(track.get("mime_type", track.get("mimeType", ""))).rpartition("/")[2].lower()


def _encoded(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims, separators=(",", ":")).encode()).rstrip(b"=").decode()
