"""The requests of the LiveKit driver against a stand-in that checks tokens and keeps rooms; no real server can be had."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from jianlu.backends.sfu.livekit.rooms import LiveKitRooms
from jianlu.capture.sessions.rooms import RoomSpec
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnavailableError
from tests.unit.sfu.offers import OFFER

ROOM, FEED, KEY, SECRET = "croom", "agent", "key", "secret"


class _Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 25, tzinfo=UTC)

    def monotonic_ms(self) -> int:
        return 0


class StandIn:
    """What a LiveKit server would know: rooms, participants with tracks, who is subscribed."""

    def __init__(self) -> None:
        self.rooms: dict[str, dict[str, dict[str, Any]]] = {}
        self.subscribed: dict[str, bool] = {}
        self.grants: list[tuple[str, str, dict[str, Any]]] = []

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        head, _, signature = headers["Authorization"].removeprefix("Bearer ").rpartition(".")
        wanted = base64.urlsafe_b64encode(hmac.new(SECRET.encode(), head.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
        if signature != wanted:
            return 401, b"", {}
        claims = json.loads(base64.urlsafe_b64decode(head.partition(".")[2] + "=="))
        self.grants.append((path, claims["sub"], claims["video"]))
        if path.startswith("/whip/v1"):
            return self._whip(method, path, headers, claims)
        return self._twirp(path.rpartition("/")[2], json.loads(body))

    def _twirp(self, call: str, request: dict[str, Any]) -> tuple[int, bytes, dict[str, str]]:
        if call == "CreateRoom":
            self.rooms[request["name"]] = {}
        elif request["room"] not in self.rooms:
            return 404, b'{"code":"not_found"}', {}
        elif call == "ListParticipants":
            return 200, json.dumps({"participants": list(self.rooms[request["room"]].values())}).encode(), {}
        elif call == "UpdateSubscriptions":
            self.subscribed[request["identity"]] = request["subscribe"] and request["track_sids"] == ["T1", "T2"]
        elif call == "RemoveParticipant" and self.rooms[request["room"]].pop(request["identity"], None) is None:
            return 404, b"{}", {}
        elif call == "DeleteRoom":
            del self.rooms[request["room"]]
        return 200, b"{}", {}

    def _whip(self, method: str, path: str, headers: Any, claims: dict[str, Any]) -> tuple[int, bytes, dict[str, str]]:
        if method == "PATCH":
            return (200, b"a=ice-ufrag:new\r\n", {}) if headers["If-Match"] == "*" else (204, b"", {})
        tracks = [
            {"sid": "T1", "type": "AUDIO", "name": "", "mime_type": "audio/opus"},
            {"sid": "T2", "type": "VIDEO", "name": "", "mime_type": "video/H264", "width": 1280, "height": 720},
        ]
        room = self.rooms[claims["video"]["room"]]
        room[claims["sub"]] = {
            "identity": claims["sub"],
            "state": "ACTIVE",
            "tracks": tracks if claims["video"].get("canPublish") else [],
        }
        return 201, b"v=0\r\n", {"Location": f"/whip/v1/PA_{len(room)}", "ETag": "ufrag"}


@pytest.fixture
def stand_in() -> Iterator[tuple[StandIn, str]]:
    knows = StandIn()

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content, headers = knows.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_PATCH(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield knows, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def rooms(stand_in: tuple[StandIn, str]) -> LiveKitRooms:
    made = LiveKitRooms(stand_in[1], KEY, SECRET, _Clock())
    made.open_room(ROOM, RoomSpec())
    return made


def test_a_sender_may_publish_only_and_a_viewer_watch_only(rooms: LiveKitRooms, stand_in: tuple[StandIn, str]) -> None:
    made = rooms.publish(ROOM, FEED, OFFER)
    assert (made.id, made.etag, made.answer_sdp) == ("PA_1", "ufrag", "v=0\r\n")
    rooms.subscribe(ROOM, FEED, OFFER, "x")
    whips = [(sub, grant) for path, sub, grant in stand_in[0].grants if path == "/whip/v1"]
    assert whips[0] == (FEED, {"roomJoin": True, "room": ROOM, "canPublish": True, "canSubscribe": False})
    assert whips[1][1] == {"roomJoin": True, "room": ROOM, "canPublish": False, "canSubscribe": True, "hidden": True}


def test_the_gate_is_shut_until_it_is_opened(rooms: LiveKitRooms, stand_in: tuple[StandIn, str]) -> None:
    rooms.publish(ROOM, FEED, OFFER)
    rooms.subscribe(ROOM, FEED, OFFER, "x")
    assert list(stand_in[0].subscribed.values()) == [False]
    rooms.set_forwarding(ROOM, True)
    assert list(stand_in[0].subscribed.values()) == [True]


def test_the_status_names_feeds_and_not_viewers(rooms: LiveKitRooms) -> None:
    rooms.publish(ROOM, FEED, OFFER)
    rooms.subscribe(ROOM, FEED, OFFER, "x")
    (feed,) = rooms.status(ROOM).feeds
    assert (feed.feed, feed.state, feed.audio_codec, feed.video_codec) == (FEED, "connected", "opus", "h264")
    assert (feed.width, feed.height, feed.viewers) == (1280, 720, 1)


def test_a_second_sender_a_lost_room_and_a_wrong_key_are_refused(rooms: LiveKitRooms, stand_in: tuple[StandIn, str]) -> None:
    rooms.publish(ROOM, FEED, OFFER)
    with pytest.raises(ConflictError):
        rooms.publish(ROOM, FEED, OFFER)
    with pytest.raises(NotFoundError):
        rooms.publish("cnone", FEED, OFFER)
    with pytest.raises(InvalidError):
        rooms.publish(ROOM, "customer", "hello")
    with pytest.raises(UnavailableError, match="nobody sends"):
        rooms.subscribe(ROOM, "customer", OFFER, "x")
    with pytest.raises(DeniedError):
        LiveKitRooms(stand_in[1], KEY, "other", _Clock()).open_room(ROOM, RoomSpec())


def test_a_restart_returns_their_fragment_and_candidates_nothing(rooms: LiveKitRooms) -> None:
    made = rooms.publish(ROOM, FEED, OFFER)
    assert rooms.trickle(ROOM, made.id, "a=x", "*") == "a=ice-ufrag:new\r\n"
    assert rooms.trickle(ROOM, made.id, "a=x", made.etag) == ""
    with pytest.raises(ConflictError):
        rooms.renegotiate(ROOM, made.id, OFFER)


def test_closing_is_for_good_and_may_be_done_twice(rooms: LiveKitRooms, stand_in: tuple[StandIn, str]) -> None:
    made = rooms.publish(ROOM, FEED, OFFER)
    for _ in range(2):
        rooms.close_connection(ROOM, made.id)
    assert stand_in[0].rooms[ROOM] == {}
    for _ in range(2):
        rooms.close_room(ROOM)
    assert stand_in[0].rooms == {}
    with pytest.raises(NotFoundError):
        rooms.status(ROOM)


def test_it_says_that_it_was_never_tried() -> None:
    name, version = LiveKitRooms("http://127.0.0.1:1", KEY, SECRET, _Clock()).describe()
    assert name == "livekit"
    assert "untested" in version
    with pytest.raises(UnavailableError):
        LiveKitRooms("http://127.0.0.1:1", KEY, SECRET, _Clock()).open_room(ROOM, RoomSpec())
