"""A media process whose forwarding is Janus's: rooms in its videoroom, the gate by pausing viewers, our recorder as a subscriber.

The recorder's connection is our own stack, with Janus as the sending peer, so that the tap is the same as with the embedded SFU:
packets as they come, sender reports, key frames on request. Janus's own recorder and its rtp_forward are not used: the one goes on
unrecorded when its path is bad, the other loses key frames and sender reports. A viewer can watch only a feed that is there; VP8 goes
before H.264 (`mirror.py` says why).
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import secrets
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from jianlu.backends.sfu.embedded.answer import agree_to_receive, render_answer
from jianlu.backends.sfu.embedded.dtls import Certificates
from jianlu.backends.sfu.embedded.feed import Feed
from jianlu.backends.sfu.embedded.ice import IceAgent
from jianlu.backends.sfu.embedded.incoming import IncomingStream
from jianlu.backends.sfu.embedded.link import Link
from jianlu.backends.sfu.embedded.publisher import Publisher
from jianlu.backends.sfu.embedded.rtcp import SenderReport
from jianlu.backends.sfu.embedded.rtp import Packet
from jianlu.backends.sfu.embedded.sdp import Offer, read_fragment, read_offer
from jianlu.backends.sfu.embedded.shard import TICK_S, MediaOptions, checked_name
from jianlu.backends.sfu.embedded.sockets import Sockets, monotonic_us
from jianlu.backends.sfu.embedded.tap import TapServer
from jianlu.backends.sfu.embedded.tapped import tapped_packet, tapped_report, tapped_state
from jianlu.backends.sfu.janus.api import JanusError, JanusSession, Message, as_ours, is_existing_room
from jianlu.backends.sfu.janus.mirror import mirror_offers
from jianlu.capture.sessions.rooms import Connection, RoomSpec, RoomStatus
from jianlu.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from jianlu.runtime.logging import logger

NAME = "janus"
_PUBLISHERS_MAX = 16
_ID_BITS = 52  # Janus's ids are numbers that JavaScript can hold

T = TypeVar("T")


@dataclass(slots=True)
class _Sender:
    """A peer that sends a feed through Janus."""

    id: str
    handle: int
    offer_sdp: str
    etag: str = ""
    is_up: bool = False
    is_receiving: bool = False
    has_left: bool = False


@dataclass(slots=True)
class _Watcher:
    """A peer that watches a feed through Janus."""

    id: str
    handle: int
    feed: str
    name: str
    offer: Offer
    mids: tuple[str, ...] = ()
    etag: str = ""
    is_up: bool = False


@dataclass(slots=True)
class _Room:
    """One case's room in Janus."""

    name: str
    number: int
    spec: RoomSpec
    is_forwarding: bool = False
    feeds: dict[str, Feed] = field(default_factory=dict)
    senders: dict[str, _Sender] = field(default_factory=dict)
    watchers: dict[str, _Watcher] = field(default_factory=dict)
    recorders: dict[str, int] = field(default_factory=dict)


class JanusForwarder:
    """The rooms that this process has at one Janus."""

    def __init__(self, url: str, options: MediaOptions, tap: Path, *, secret: str = "") -> None:
        self._janus = JanusSession(url, secret)
        self._options = options
        self._agent = IceAgent()
        self._sockets = Sockets(self._agent.received, hosts=options.hosts, port=options.port, announced=options.announced)
        self._certificates = Certificates()
        self._tap = TapServer(tap, self)
        self._rooms: dict[str, _Room] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._version = ""
        self._log = logger("janus")
        self._control = 0

    async def start(self) -> None:
        """Open the session at Janus, and listen."""
        await self._sockets.start(None)
        await self._tap.start()
        await self._janus.start()
        self._version = await self._janus.version()
        self._control = await self._janus.attach(_ignored)
        self._spawn(self._tick())

    async def stop(self) -> None:
        """Let all peers go."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for room in self._rooms.values():
            for feed in room.feeds.values():
                if feed.publisher is not None:
                    await feed.publisher.link.close()
        await self._janus.stop()
        await self._tap.stop()
        self._sockets.close()

    @property
    def candidates(self) -> tuple[str, ...]:
        """Where Janus reaches our recorder; peers are told Janus's own."""
        return self._sockets.candidates

    def describe(self) -> tuple[str, str]:
        """As `Rooms.describe`."""
        return NAME, self._version

    async def open_room(self, name: str, spec: RoomSpec) -> None:
        """As `Rooms.open_room`."""
        room = self._rooms.get(checked_name(name))
        if room is not None:
            if room.spec != spec:
                raise ConflictError("the room is open with other codecs: close it before it is opened anew")
            return
        number = _number(name)
        allowed = [codec for codec in ("vp8", "h264") if codec in spec.codecs and not (spec.is_encrypted and codec == "h264")]
        request: Message = {
            "request": "create",
            "room": number,
            "publishers": _PUBLISHERS_MAX,
            "audiocodec": "opus",
            "videocodec": ",".join(allowed),
            "h264_profile": "42e01f",
            "opus_fec": True,
            "audiolevel_ext": True,
            "transport_wide_cc_ext": True,
            "require_e2ee": spec.is_encrypted,
            "permanent": False,
            "is_private": True,
        }
        try:
            await self._janus.ask(self._control, request)
        except JanusError as error:
            if not is_existing_room(error):
                raise as_ours(error) from error
        self._rooms[name] = _Room(name, number, spec)

    async def publish(self, name: str, feed_name: str, offer_sdp: str) -> Connection:
        """As `Rooms.publish`."""
        room = self._room(name)
        agree_to_receive(read_offer(offer_sdp), room.spec)
        checked_name(feed_name)
        present = room.senders.get(feed_name)
        if present is not None and not present.has_left and present.is_receiving:  # one that never came to be sends nothing
            raise ConflictError("another device is sending this feed: end it there, or wait until it is gone")
        if present is not None:
            await self._janus.detach(present.handle)
        feed = self._feed(room, feed_name)
        sender = _Sender(secrets.token_urlsafe(16), 0, offer_sdp)
        sender.handle = await self._janus.attach(lambda event: self._sender_event(room, feed, sender, event))
        room.senders[feed_name] = sender
        body = {"request": "joinandconfigure", "ptype": "publisher", "room": room.number, "id": _number(sender.id)}
        try:
            event = await self._asked(sender.handle, {**body, "display": feed_name}, _described(room, "offer", offer_sdp))
        except BaseException:
            sender.has_left = True
            await self._janus.detach(sender.handle)
            raise
        return _connection(sender, event)

    async def subscribe(self, name: str, feed_name: str, offer_sdp: str, viewer_name: str) -> Connection:
        """As `Rooms.subscribe`; UnavailableError while nobody sends the feed."""
        room = self._room(name)
        offer = read_offer(offer_sdp)
        sender = room.senders.get(checked_name(feed_name))
        if sender is None or not sender.is_up:
            raise UnavailableError("nobody sends this feed yet: subscribe when its state is connected")
        watcher = _Watcher(secrets.token_urlsafe(16), 0, feed_name, viewer_name, offer)
        watcher.handle = await self._janus.attach(lambda event: self._watcher_event(watcher, event))
        try:
            body = {"request": "join", "ptype": "subscriber", "room": room.number, "autoupdate": False, "close_pc": False}
            event = await self._asked(watcher.handle, {**body, "streams": [{"feed": _number(sender.id)}]})
            answer, watcher.mids = await self._start_watcher(room, watcher, event)
        except BaseException:
            await self._janus.detach(watcher.handle)
            raise
        room.watchers[watcher.id] = watcher
        return Connection(watcher.id, answer, watcher.etag)

    async def renegotiate(self, name: str, connection: str, offer_sdp: str) -> Connection:
        """As `Rooms.renegotiate`. A viewer's offer restarts its ICE; it cannot change what it watches."""
        room = self._room(name)
        watcher = room.watchers.get(connection)
        if watcher is not None:
            offer = read_offer(offer_sdp)
            if set(offer.fingerprints) != set(watcher.offer.fingerprints):
                raise InvalidError("the offer is of another peer connection: publish or subscribe anew")
            watcher.offer = offer
            event = await self._asked(watcher.handle, {"request": "configure", "restart": True})
            answer, _ = await self._start_watcher(room, watcher, event)
            return Connection(watcher.id, answer, watcher.etag)
        feed_name, sender = self._sender(room, connection)
        offer, present = read_offer(offer_sdp), read_offer(sender.offer_sdp)
        if set(offer.fingerprints) != set(present.fingerprints):
            raise InvalidError("the offer is of another peer connection: publish or subscribe anew")
        agree_to_receive(offer, room.spec)
        event = await self._asked(sender.handle, {"request": "configure"}, _described(room, "offer", offer_sdp))
        has_more = len(offer.sections) != len(present.sections)
        sender.offer_sdp = offer_sdp
        if has_more:
            self._spawn(self._record(room, room.feeds[feed_name], sender))
        return _connection(sender, event)

    async def trickle(self, name: str, connection: str, fragment_text: str, etag: str) -> str:
        """As `Rooms.trickle`; a restart is a whole offer to Janus, made of the last one."""
        room = self._room(name)
        watcher = room.watchers.get(connection)
        peer = watcher or self._sender(room, connection)[1]
        fragment = read_fragment(fragment_text)
        if etag not in ("*", peer.etag):
            raise ConflictError("ICE was restarted since: send the candidates of the present session")
        if watcher is None:
            _, sender = self._sender(room, connection)
            last = read_offer(sender.offer_sdp)
            if fragment.credentials != last.credentials:
                offer = sender.offer_sdp.replace(last.credentials.ufrag, fragment.credentials.ufrag)
                offer = offer.replace(last.credentials.password, fragment.credentials.password)
                restarted = await self.renegotiate(name, connection, offer)
                credentials = read_offer(restarted.answer_sdp).credentials
                return f"a=ice-ufrag:{credentials.ufrag}\r\na=ice-pwd:{credentials.password}\r\n"
        elif fragment.credentials != watcher.offer.credentials:
            raise ConflictError("a viewer restarts ICE with a whole offer here: send it as a re-negotiation")
        mid = fragment.mids[0] if fragment.mids else "0"
        found = [{"sdpMid": mid, "candidate": line} for line in _candidate_lines(fragment_text)]
        if found:
            await self._janus.trickle(peer.handle, found)
        return ""

    async def close_connection(self, name: str, connection: str) -> None:
        """As `Rooms.close_connection`."""
        room = self._rooms.get(name)
        if room is None:
            return
        watcher = room.watchers.pop(connection, None)
        if watcher is not None:
            await self._janus.detach(watcher.handle)
        for feed_name, sender in list(room.senders.items()):
            if sender.id == connection:
                del room.senders[feed_name]
                await self._janus.detach(sender.handle)
                await self._stop_recording(room, feed_name)
                room.feeds[feed_name].set_state("closed", "closed")

    async def set_forwarding(self, name: str, *, is_on: bool) -> None:
        """As `Rooms.set_forwarding`."""
        room = self._room(name)
        room.is_forwarding = is_on
        for watcher in list(room.watchers.values()):
            await self._asked(watcher.handle, _gate(watcher.mids, is_on=is_on))

    async def status(self, name: str) -> RoomStatus:
        """As `Rooms.status`; rates are those of the recorder's connection."""
        room = self._room(name)
        now_us = monotonic_us()
        watched = [watcher.feed for watcher in room.watchers.values() if watcher.is_up]
        feeds = [replace(feed.status(now_us), viewers=watched.count(feed.name)) for feed in room.feeds.values()]
        return RoomStatus(name, room.is_forwarding, tuple(feeds))

    async def close_room(self, name: str) -> None:
        """As `Rooms.close_room`."""
        room = self._rooms.get(name)
        if room is None:
            return
        for connection in [*room.watchers, *(sender.id for sender in room.senders.values())]:
            await self.close_connection(name, connection)
        del self._rooms[name]
        try:
            await self._janus.ask(self._control, {"request": "destroy", "room": room.number})
        except JanusError as error:
            if not isinstance(as_ours(error), NotFoundError):
                raise as_ours(error) from error

    def is_tapped(self, name: str) -> bool:
        """Whether a recorder listens to a room."""
        return self._tap.listens(name)

    def states(self, room: str) -> Iterable[bytes]:
        """For the tap."""
        found = self._rooms.get(room)
        now_us = monotonic_us()
        return [tapped_state(feed, now_us, "") for feed in found.feeds.values()] if found else []

    def request_key_frame(self, room: str, feed: str) -> None:
        """For the tap: our recorder asks Janus, which asks the sender."""
        found = self._rooms[room].feeds.get(feed) if room in self._rooms else None
        if found is not None:
            found.request_key_frames(monotonic_us())

    def _room(self, name: str) -> _Room:
        room = self._rooms.get(name)
        if room is None:
            raise NotFoundError("the room is not open: start the session first")
        return room

    def _sender(self, room: _Room, connection: str) -> tuple[str, _Sender]:
        for feed_name, sender in room.senders.items():
            if sender.id == connection:
                return feed_name, sender
        raise NotFoundError("the connection is gone: publish or subscribe anew")

    def _feed(self, room: _Room, name: str) -> Feed:
        if name not in room.feeds:

            def recorded(feed: Feed, stream: IncomingStream, packet: Packet) -> None:
                self._tap.send(room.name, tapped_packet(feed, stream, packet))

            def reported(feed: Feed, stream: IncomingStream, report: SenderReport, arrival_us: int) -> None:
                self._tap.send(room.name, tapped_report(feed, stream, report, arrival_us))

            def changed(feed: Feed, reason: str) -> None:
                self._tap.send(room.name, tapped_state(feed, monotonic_us(), reason))

            feed = Feed(name, recorded, reported, changed)
            feed.follows_link = False
            room.feeds[name] = feed
        return room.feeds[name]

    async def _start_watcher(self, room: _Room, watcher: _Watcher, event: Message) -> tuple[str, tuple[str, ...]]:
        """Answer Janus's offer to a viewer from the viewer's own; shut at first when the gate is."""
        theirs = read_offer(str(event["jsep"]["sdp"]))
        watcher.etag = theirs.credentials.ufrag
        to_viewer, to_janus = mirror_offers(watcher.offer, theirs, watcher.feed)
        mids = tuple(section.mid for section in theirs.sections if section.codecs)
        if not room.is_forwarding:
            await self._asked(watcher.handle, _gate(mids, is_on=False))
        await self._asked(watcher.handle, {"request": "start"}, _described(room, "answer", to_janus))
        return to_viewer, mids

    async def _record(self, room: _Room, feed: Feed, sender: _Sender) -> None:
        """Join as a subscriber of what a sender sends; what was joined before is let go."""
        before = room.recorders.pop(feed.name, 0)
        handle = await self._janus.attach(_ignored)
        room.recorders[feed.name] = handle
        body = {"request": "join", "ptype": "subscriber", "room": room.number, "autoupdate": False}
        event = await self._asked(handle, {**body, "streams": [{"feed": _number(sender.id)}]})
        offer = read_offer(str(event["jsep"]["sdp"]))
        agreed = agree_to_receive(offer, room.spec)
        link = Link(self._agent, self._certificates.present(datetime.datetime.now(datetime.UTC)), offer)
        replaced = feed.set_publisher(Publisher(sender.id, link, agreed))
        answer = render_answer(agreed, link.ours(self._sockets.candidates), {}, 1)
        await self._asked(handle, {"request": "start"}, _described(room, "answer", answer))
        if replaced is not None:
            await replaced.link.close()
        if before:
            await self._janus.detach(before)

    async def _stop_recording(self, room: _Room, feed_name: str) -> None:
        gone = room.feeds[feed_name].drop_publisher("closed")
        if gone is not None:
            await gone.link.close()
        await self._janus.detach(room.recorders.pop(feed_name, 0))

    def _sender_event(self, room: _Room, feed: Feed, sender: _Sender, event: Message) -> None:
        """What Janus says of a sending peer: up, media flowing or not, gone."""
        match event.get("janus"):
            case "webrtcup":
                sender.is_up = sender.is_receiving = True
                feed.set_state("connected", "")
                self._spawn(self._followed(room, feed, sender))
            case "media":
                sender.is_receiving = bool(event.get("receiving"))
                feed.set_state("connected" if sender.is_receiving else "interrupted", "" if sender.is_receiving else "silent")
            case "hangup" | "detached":
                sender.has_left = True
                if room.senders.get(feed.name) is sender:
                    feed.set_state("interrupted", "left")

    def _watcher_event(self, watcher: _Watcher, event: Message) -> None:
        if event.get("janus") in ("webrtcup", "hangup", "detached"):
            watcher.is_up = event["janus"] == "webrtcup"

    async def _followed(self, room: _Room, feed: Feed, sender: _Sender) -> None:
        """A sender is up: record it, and give it to those who watched the one before."""
        await self._record(room, feed, sender)
        for watcher in list(room.watchers.values()):
            if watcher.feed == feed.name:
                streams = [{"feed": _number(sender.id), "mid": mid, "sub_mid": mid} for mid in watcher.mids]
                event = await self._asked(watcher.handle, {"request": "switch", "streams": streams})
                if "jsep" in event:  # Janus offers what the viewer has already: it is answered as before
                    await self._start_watcher(room, watcher, event)

    async def _asked(self, handle: int, body: Message, jsep: Message | None = None) -> Message:
        try:
            return await self._janus.ask(handle, body, jsep)
        except JanusError as error:
            raise as_ours(error) from error

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.warning("janus failed", error=error)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now_us = monotonic_us()
            for room in list(self._rooms.values()):
                for feed in list(room.feeds.values()):
                    feed.tick(now_us)


def _ignored(_: Message) -> None:
    """An event that means nothing to us."""


def _number(name: str) -> int:
    """A name as one of Janus's numbers."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> (64 - _ID_BITS) | 1


def _described(room: _Room, kind: str, sdp: str) -> Message:
    """A session description; Janus takes none for a room that requires encryption unless it is told that frames are encrypted."""
    return {"type": kind, "sdp": sdp, **({"e2ee": True} if room.spec.is_encrypted else {})}


def _gate(mids: tuple[str, ...], *, is_on: bool) -> Message:
    return {"request": "configure", "streams": [{"mid": mid, "send": is_on} for mid in mids]}


def _connection(sender: _Sender, event: Message) -> Connection:
    answer = str(event["jsep"]["sdp"])
    sender.etag = read_offer(answer).credentials.ufrag
    return Connection(sender.id, answer, sender.etag)


def _candidate_lines(fragment: str) -> list[str]:
    return [line.strip()[2:] for line in fragment.splitlines() if line.startswith("a=candidate:")]
