"""A media process: its rooms, and everything that peers and recorders do with them. `methods.py` offers it to other processes.

One event loop, one thread; a turn of the loop is one batch of datagrams. Rooms of other cases are in other processes
(`capture/sessions/rooms.py`, `shard_of`).
"""

from __future__ import annotations

import asyncio
import datetime
import secrets
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from jianlu.backends.sfu.embedded.answer import Agreed, agree_to_receive, agree_to_send, render_answer, render_fragment
from jianlu.backends.sfu.embedded.dtls import Certificates
from jianlu.backends.sfu.embedded.feed import Feed
from jianlu.backends.sfu.embedded.ice import IceAgent
from jianlu.backends.sfu.embedded.incoming import IncomingStream
from jianlu.backends.sfu.embedded.link import Link
from jianlu.backends.sfu.embedded.publisher import Publisher
from jianlu.backends.sfu.embedded.rtcp import SenderReport
from jianlu.backends.sfu.embedded.rtp import Packet
from jianlu.backends.sfu.embedded.sdp import Offer, read_fragment, read_offer
from jianlu.backends.sfu.embedded.sockets import Sockets, TurnServer, monotonic_us
from jianlu.backends.sfu.embedded.tap import TapServer
from jianlu.backends.sfu.embedded.tapped import tapped_packet, tapped_report, tapped_state
from jianlu.backends.sfu.embedded.viewer import Viewer
from jianlu.capture.sessions.rooms import Connection, RoomSpec, RoomStatus
from jianlu.core.errors import ConflictError, InvalidError, NotFoundError

NAME = "embedded-sfu"
TICK_S = 0.01
FORGET_US = 120_000_000
"""A peer silent for so long is forgotten: a network that was away for a minute may come back by an ICE restart."""

FEEDS_MAX, VIEWERS_MAX = 16, 64
NAME_BYTES_MAX = 64


@dataclass(frozen=True, slots=True)
class MediaOptions:
    """Where a media process listens and what it tells peers: `announced` are its addresses as seen from outside, if others.

    On an edge, whoever calls it may be away for long (`lease.py`).
    """

    hosts: tuple[str, ...] = ("127.0.0.1",)
    port: int = 0
    announced: tuple[str, ...] = ()
    turn: TurnServer | None = None
    is_edge: bool = False


class Room:
    """One case's feeds."""

    def __init__(self, name: str, spec: RoomSpec) -> None:
        self.name, self.spec = name, spec
        self.is_forwarding = False
        self.feeds: dict[str, Feed] = {}


class Shard:
    """The rooms of this process."""

    def __init__(self, options: MediaOptions, tap: Path) -> None:
        self._options = options
        self._agent = IceAgent()
        self._sockets = Sockets(self._agent.received, hosts=options.hosts, port=options.port, announced=options.announced)
        self._certificates = Certificates()
        self._rooms: dict[str, Room] = {}
        self._tap = TapServer(tap, self)
        self._ticking: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._versions: dict[str, int] = {}

    async def start(self) -> None:
        """Bind, listen, tick."""
        await self._sockets.start(self._options.turn)
        await self._tap.start()
        self._ticking = asyncio.get_running_loop().create_task(self._tick())

    async def stop(self) -> None:
        """Let all peers go."""
        if self._ticking is not None:
            self._ticking.cancel()
        for room in list(self._rooms):
            await self.close_room(room)
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._tap.stop()
        self._sockets.close()

    def describe(self) -> tuple[str, str]:
        """As `Rooms.describe`."""
        return NAME, f"{metadata.version('jianlu')}+aiortc-{metadata.version('aiortc')}"

    @property
    def candidates(self) -> tuple[str, ...]:
        """Where peers reach us."""
        return self._sockets.candidates

    async def open_room(self, name: str, spec: RoomSpec) -> None:
        """As `Rooms.open_room`."""
        room = self._rooms.setdefault(checked_name(name), Room(name, spec))
        if room.spec != spec:
            raise ConflictError("the room is open with other codecs: close it before it is opened anew")

    async def publish(self, name: str, feed_name: str, offer_sdp: str) -> Connection:
        """As `Rooms.publish`."""
        room = self._room(name)
        offer = read_offer(offer_sdp)
        agreed = agree_to_receive(offer, room.spec)
        feed = self._feed(room, feed_name)
        if feed.is_taken(monotonic_us()):
            raise ConflictError("another device is sending this feed: end it there, or wait until it is gone")
        publisher = Publisher(secrets.token_urlsafe(16), self._link(offer), agreed)
        replaced = feed.set_publisher(publisher)
        if replaced is not None:
            self._let_go(replaced.link)
        return self._connection(publisher)

    async def subscribe(self, name: str, feed_name: str, offer_sdp: str, viewer_name: str) -> Connection:
        """As `Rooms.subscribe`."""
        room = self._room(name)
        offer = read_offer(offer_sdp)
        agreed = agree_to_send(offer, room.spec)
        feed = self._feed(room, feed_name)
        if len(feed.viewers) >= VIEWERS_MAX:
            raise ConflictError(f"a feed has at most {VIEWERS_MAX} viewers: let one go first")
        viewer = Viewer(secrets.token_urlsafe(16), self._link(offer), agreed, feed=feed_name, name=viewer_name)
        feed.add_viewer(viewer)
        return self._connection(viewer)

    async def renegotiate(self, name: str, connection: str, offer_sdp: str) -> Connection:
        """As `Rooms.renegotiate`."""
        room = self._room(name)
        feed, peer = self._peer(room, connection)
        offer = read_offer(offer_sdp)
        if not peer.link.is_same_peer(offer):
            raise InvalidError("the offer is of another peer connection: publish or subscribe anew")
        is_sender = isinstance(peer, Publisher)
        agreed = agree_to_receive(offer, room.spec) if is_sender else agree_to_send(offer, room.spec)
        peer.update(agreed)
        peer.link.restart_ice(offer.credentials)
        self._sockets.permit(offer.candidates)
        feed.request_key_frames(monotonic_us())
        return self._connection(peer)

    async def trickle(self, name: str, connection: str, fragment_text: str, etag: str) -> str:
        """As `Rooms.trickle`."""
        _, peer = self._peer(self._room(name), connection)
        fragment = read_fragment(fragment_text)
        if etag not in ("*", peer.link.etag):
            raise ConflictError("ICE was restarted since: send the candidates of the present session")
        self._sockets.permit(fragment.candidates)
        if not peer.link.restart_ice(fragment.credentials):
            return ""
        mid = next(each.mid for each in peer.agreed if not each.is_refused)
        return render_fragment(peer.link.ours(self._sockets.candidates), mid)

    async def close_connection(self, name: str, connection: str) -> None:
        """As `Rooms.close_connection`."""
        self._close_connection(name, connection)

    def _close_connection(self, name: str, connection: str) -> None:
        room = self._rooms.get(name)
        for feed in list(room.feeds.values()) if room else []:
            viewer = feed.viewers.pop(connection, None)
            if viewer is not None:
                self._let_go(viewer.link)
            elif feed.publisher is not None and feed.publisher.id == connection:
                gone = feed.drop_publisher("closed")
                if gone is not None:
                    self._let_go(gone.link)
        self._versions.pop(connection, None)

    async def set_forwarding(self, name: str, *, is_on: bool) -> None:
        """As `Rooms.set_forwarding`."""
        room = self._room(name)
        if room.is_forwarding != is_on:
            room.is_forwarding = is_on
            for feed in room.feeds.values():
                feed.set_forwarding(is_on=is_on)

    async def status(self, name: str) -> RoomStatus:
        """As `Rooms.status`."""
        room = self._room(name)
        now_us = monotonic_us()
        return RoomStatus(name, room.is_forwarding, tuple(feed.status(now_us) for feed in room.feeds.values()))

    async def close_room(self, name: str) -> None:
        """As `Rooms.close_room`."""
        room = self._rooms.get(name)
        for feed in list(room.feeds.values()) if room else []:
            for connection in [*feed.viewers, *([feed.publisher.id] if feed.publisher else [])]:
                self._close_connection(name, connection)
        self._rooms.pop(name, None)

    def is_tapped(self, name: str) -> bool:
        """Whether a recorder listens to a room."""
        return self._tap.listens(name)

    def states(self, room: str) -> Iterable[bytes]:
        """For the tap: every feed's state."""
        now_us = monotonic_us()
        found = self._rooms.get(room)
        return [tapped_state(feed, now_us, "") for feed in found.feeds.values()] if found else []

    def request_key_frame(self, room: str, feed: str) -> None:
        """For the tap: ask a feed's publisher."""
        found = self._rooms[room].feeds.get(feed) if room in self._rooms else None
        if found is not None:
            found.request_key_frames(monotonic_us())

    def _room(self, name: str) -> Room:
        room = self._rooms.get(name)
        if room is None:
            raise NotFoundError("the room is not open: start the session first")
        return room

    def _feed(self, room: Room, name: str) -> Feed:
        feed = room.feeds.get(checked_name(name))
        if feed is None:
            if len(room.feeds) >= FEEDS_MAX:
                raise ConflictError(f"a room has at most {FEEDS_MAX} feeds")
            feed = Feed(
                name,
                lambda feed, stream, packet: self._recorded(room, feed, stream, packet),
                lambda feed, stream, report, arrival_us: self._report_recorded(room, feed, stream, report, arrival_us),
                lambda feed, reason: self._state_changed(room, feed, reason),
            )
            feed.is_forwarding = room.is_forwarding
            room.feeds[name] = feed
        return feed

    def _peer(self, room: Room, connection: str) -> tuple[Feed, Publisher | Viewer]:
        for feed in room.feeds.values():
            peer = feed.viewers.get(connection)
            if peer is not None:
                return feed, peer
            if feed.publisher is not None and feed.publisher.id == connection:
                return feed, feed.publisher
        raise NotFoundError("the connection is gone: publish or subscribe anew")

    def _link(self, offer: Offer) -> Link:
        self._sockets.permit(offer.candidates)
        return Link(self._agent, self._certificates.present(datetime.datetime.now(datetime.UTC)), offer)

    def _connection(self, peer: Publisher | Viewer) -> Connection:
        agreed: Sequence[Agreed] = peer.agreed
        version = self._versions[peer.id] = self._versions.get(peer.id, 0) + 1
        outgoing = peer.described(peer.feed) if isinstance(peer, Viewer) else {}
        answer = render_answer(agreed, peer.link.ours(self._sockets.candidates), outgoing, version)
        return Connection(peer.id, answer, peer.link.etag)

    def _let_go(self, link: Link) -> None:
        self._run(link.close())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _tick(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(TICK_S)
            turn += 1
            now_us = monotonic_us()
            for room in list(self._rooms.values()):
                for feed in list(room.feeds.values()):
                    feed.tick(now_us)
            if turn % 100 == 0:
                self._forget_silent(now_us)

    def _forget_silent(self, now_us: int) -> None:
        for room in self._rooms.values():
            for feed in room.feeds.values():
                peers: list[Publisher | Viewer] = [*feed.viewers.values(), *([feed.publisher] if feed.publisher else [])]
                for peer in peers:
                    is_silent = (peer.link.seen_us or peer.link.made_us) < now_us - FORGET_US
                    if is_silent or (peer.is_ended and peer is not feed.publisher):
                        self._close_connection(room.name, peer.id)

    def _recorded(self, room: Room, feed: Feed, stream: IncomingStream, packet: Packet) -> None:
        if self._tap.listens(room.name):
            self._tap.send(room.name, tapped_packet(feed, stream, packet))

    def _report_recorded(self, room: Room, feed: Feed, stream: IncomingStream, report: SenderReport, arrival_us: int) -> None:
        self._tap.send(room.name, tapped_report(feed, stream, report, arrival_us))

    def _state_changed(self, room: Room, feed: Feed, reason: str) -> None:
        self._tap.send(room.name, tapped_state(feed, monotonic_us(), reason))


def checked_name(name: str) -> str:
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum() or len(name) > NAME_BYTES_MAX:
        raise InvalidError("names of rooms and feeds are letters, digits and hyphens")
    return name
