"""A feed of a room: whoever sends it now, whoever watches it, and the layer that each viewer and the recorders get.

A feed outlives its publisher: when one goes, viewers and recorders stay, and the next publisher's streams take the place of the old.
"""

from __future__ import annotations

from collections.abc import Callable

from jianlu.backends.sfu.embedded.incoming import IncomingStream
from jianlu.backends.sfu.embedded.key_frames import key_frame_at
from jianlu.backends.sfu.embedded.publisher import Publisher
from jianlu.backends.sfu.embedded.rtcp import SenderReport
from jianlu.backends.sfu.embedded.rtp import Packet
from jianlu.backends.sfu.embedded.sockets import monotonic_us
from jianlu.backends.sfu.embedded.viewer import Viewer
from jianlu.capture.sessions.rooms import FeedState, FeedStatus

TAKEOVER_US = 1_000_000
"""A publisher silent for so long may be replaced by another: a page that is loaded again does not wait."""
INTERRUPTED_US = 4_000_000
"""Silent for so long, a feed counts as interrupted; browsers check their path every 2.5 s even when nothing is sent."""

_CHOOSE_US = 200_000
_RETRY_US = 500_000
_HEADROOM = 1.1

Recorded = Callable[["Feed", IncomingStream, Packet], None]
ReportRecorded = Callable[["Feed", IncomingStream, SenderReport, int], None]
StateChanged = Callable[["Feed", str], None]


class Feed:
    """One feed. `recorded` gets every packet of the recorded layer, whether or not anything is forwarded."""

    def __init__(self, name: str, recorded: Recorded, report_recorded: ReportRecorded, changed: StateChanged) -> None:
        self.name = name
        self.state: FeedState = "connecting"
        self.publisher: Publisher | None = None
        self.viewers: dict[str, Viewer] = {}
        self.is_forwarding = False
        self.follows_link = True
        self._recorded, self._report_recorded, self._changed = recorded, report_recorded, changed
        self._recording: dict[str, IncomingStream] = {}
        self._chosen_us = self._retried_us = 0

    def set_publisher(self, publisher: Publisher) -> Publisher | None:
        """Let this peer send the feed; returns the one that it replaces."""
        replaced, self.publisher = self.publisher, publisher
        if replaced is not None:
            replaced.owner = None
        publisher.owner = self
        return replaced

    def drop_publisher(self, reason: str) -> Publisher | None:
        """Take the sending peer away, because it was told to go."""
        gone, self.publisher = self.publisher, None
        if gone is not None:
            gone.owner = None
        self.set_state("closed", reason)
        return gone

    def is_taken(self, now_us: int) -> bool:
        """Whether a living peer sends this feed. One of whom nothing ever came sends nothing: its answer was lost, or its page is gone."""
        peer = self.publisher
        if peer is None or peer.is_ended:
            return False
        return peer.link.seen_us != 0 and now_us - peer.link.seen_us < TAKEOVER_US

    def add_viewer(self, viewer: Viewer) -> None:
        """Let this peer watch."""
        self.viewers[viewer.id] = viewer
        viewer.on_key_frame_wanted = lambda: self._key_frame_for(viewer)
        viewer.on_connected = lambda: self._choose(viewer, monotonic_us())
        self._choose(viewer, monotonic_us())

    def set_forwarding(self, *, is_on: bool) -> None:
        """Open or shut the gate to viewers."""
        self.is_forwarding = is_on
        for viewer in self.viewers.values():
            viewer.pause()
        if is_on:
            self.request_key_frames(monotonic_us())

    def request_key_frames(self, now_us: int) -> None:
        """Ask the publisher for key frames of everything that is watched or recorded."""
        if self.publisher is None:
            return
        wanted = {id(out.wanted): out.wanted for viewer in self.viewers.values() for out in viewer.outgoing.values()}
        wanted |= {id(stream): stream for stream in self._recording.values()}
        wanted |= {id(stream): stream for stream in [self._top("video", now_us)]}
        for stream in wanted.values():
            if stream is not None and stream.kind == "video" and stream.ssrc in self.publisher.streams:
                self.publisher.request_key_frame(stream, now_us)

    def tick(self, now_us: int) -> None:
        """What is due now."""
        if self.publisher is not None:
            self.publisher.tick(now_us)
            if self.follows_link:
                self._watch(self.publisher, now_us)
        for viewer in self.viewers.values():
            viewer.tick(now_us)
        if now_us - self._chosen_us >= _CHOOSE_US:
            self._chosen_us = now_us
            for viewer in self.viewers.values():
                self._choose(viewer, now_us)
        if now_us - self._retried_us >= _RETRY_US:
            self._retried_us = now_us
            self._retry(now_us)

    def status(self, now_us: int) -> FeedStatus:
        """The feed now."""
        streams = list(self.publisher.streams.values()) if self.publisher else []
        audio = next((each for each in streams if each.kind == "audio"), None)
        video = self._top("video", now_us)
        return FeedStatus(
            feed=self.name,
            state=self.state,
            audio_codec=audio.codec if audio else "",
            video_codec=video.codec if video else "",
            width=video.width if video else 0,
            height=video.height if video else 0,
            fps=video.fps if video else 0,
            kbps_in=sum(each.kbps for each in streams if each.flows(now_us)),
            loss_permille=max((each.loss_permille for each in streams if each.flows(now_us)), default=0),
            rtt_ms=self.publisher.link.rtt_us // 1000 if self.publisher else 0,
            viewers=sum(viewer.link.is_connected for viewer in self.viewers.values()),
        )

    def packet(self, stream: IncomingStream, packet: Packet, number: int) -> None:
        """Take one packet of the publisher."""
        begins_key_frame = False
        if stream.kind == "video":
            key_frame = key_frame_at(stream.codec, packet.payload)
            if key_frame is not None:
                begins_key_frame = True
                if key_frame.width:
                    stream.width, stream.height = key_frame.width, key_frame.height
        if self._is_recorded(stream, packet.arrival_us, begins_key_frame=begins_key_frame):
            self._recorded(self, stream, packet)
        if self.is_forwarding:
            for viewer in self.viewers.values():
                viewer.take(stream, packet, number, begins_key_frame=begins_key_frame)

    def report(self, stream: IncomingStream, report: SenderReport, arrival_us: int) -> None:
        """Take a sender report of the publisher."""
        if self._recording.get(stream.kind) is stream:
            self._report_recorded(self, stream, report, arrival_us)
        if self.is_forwarding:
            for viewer in self.viewers.values():
                viewer.reported(stream, arrival_us)

    def _is_recorded(self, stream: IncomingStream, now_us: int, *, begins_key_frame: bool) -> bool:
        """Whether recorders get this stream: the highest that flows, changed only where a key frame begins."""
        present = self._recording.get(stream.kind)
        if present is stream:
            return True
        if present is not None and stream.kind == "video":
            is_gone = not present.flows(now_us) or not self._sends(present)
            if not begins_key_frame or not (is_gone or _rank(stream) > _rank(present)):
                return False
        self._recording[stream.kind] = stream
        return True

    def _sends(self, stream: IncomingStream) -> bool:
        return self.publisher is not None and self.publisher.streams.get(stream.ssrc) is stream

    def _top(self, kind: str, now_us: int) -> IncomingStream | None:
        streams = [each for each in self.publisher.streams.values() if each.kind == kind] if self.publisher else []
        flowing = [each for each in streams if each.flows(now_us)]
        return max(flowing or streams, key=_rank, default=None)

    def _choose(self, viewer: Viewer, now_us: int) -> None:
        """Say which stream of each kind this viewer is to get: of layers, the highest that its network carries."""
        for kind, out in viewer.outgoing.items():
            wanted = self._affordable(viewer, now_us) if kind == "video" else self._top(kind, now_us)
            if not viewer.is_active(kind):
                wanted = None
            if wanted is not out.wanted:
                out.wanted = wanted
                if kind == "video" and wanted is not None and self.publisher is not None and self.is_forwarding:
                    self.publisher.request_key_frame(wanted, now_us)

    def _affordable(self, viewer: Viewer, now_us: int) -> IncomingStream | None:
        top = self._top("video", now_us)
        if top is None or self.publisher is None:
            return None
        layers = sorted(
            (each for each in self.publisher.streams.values() if each.kind == "video" and each.flows(now_us)),
            key=_rank,
            reverse=True,
        )
        for layer in layers:
            margin = 1.0 if layer is viewer.outgoing["video"].wanted else _HEADROOM
            if layer.kbps * margin <= viewer.estimate.kbps:
                return layer
        return layers[-1] if layers else top

    def _key_frame_for(self, viewer: Viewer) -> None:
        video = viewer.outgoing.get("video")
        if video is not None and video.wanted is not None and self.publisher is not None:
            self.publisher.request_key_frame(video.wanted, monotonic_us())

    def _retry(self, now_us: int) -> None:
        """A request for a key frame may be lost: ask again while somebody waits."""
        if self.publisher is None:
            return
        for viewer in self.viewers.values() if self.is_forwarding else ():
            video = viewer.outgoing.get("video")
            if video is not None and video.awaits_key_frame and video.wanted is not None:
                self.publisher.request_key_frame(video.wanted, now_us)
        top = self._top("video", now_us)
        if top is not None and self._recording.get("video") is not top:
            self.publisher.request_key_frame(top, now_us)

    def _watch(self, publisher: Publisher, now_us: int) -> None:
        if publisher.link.is_connected and not publisher.is_ended:
            is_silent = now_us - publisher.link.seen_us > INTERRUPTED_US
            self.set_state("interrupted" if is_silent else "connected", "silent" if is_silent else "")

    def publisher_connected(self, publisher: Publisher) -> None:
        """The publisher is there."""
        if self.publisher is publisher and self.follows_link:
            self.set_state("connected", "")

    def publisher_ended(self, publisher: Publisher) -> None:
        """The publisher left; another may come."""
        if self.publisher is publisher and self.follows_link:
            self.set_state("interrupted", "left")

    def set_state(self, state: FeedState, reason: str) -> None:
        """Note a state; recorders are told when it is another. `follows_link` says that the feed notes them by itself."""
        if state != self.state:
            self.state = state
            self._changed(self, reason)


def _rank(stream: IncomingStream) -> tuple[int, int]:
    return stream.width * stream.height, stream.kbps
