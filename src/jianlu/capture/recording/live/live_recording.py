"""One live recording, sans-I/O: frames of the tap and the passing of time in, segments, gaps, alarms and measurements out.

It watches from the moment it exists (that is the preflight), and records from `begin` on. Times are microseconds of the machine's
monotonic clock outside, milliseconds of the session inside. Where its outputs go is `delivery.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from jianlu.capture.recording.live.clocks import SenderClock
from jianlu.capture.recording.live.cutter import LaneSpec, LiveCutter, LiveOutput
from jianlu.capture.recording.live.measure import ClockSheet
from jianlu.capture.recording.live.sframe import FrameOpener
from jianlu.capture.recording.live.tap_frames import AUDIO, FeedChange, Packet, Report, TapFrame
from jianlu.capture.recording.live.track import LiveSample, LiveTrack, best_cause, picture_format
from jianlu.capture.recording.live.watchdog import TrackWatch
from jianlu.capture.recording.model import GapReason, TrackFormat
from jianlu.capture.recording.movie import init_segment
from jianlu.capture.sessions.recorders import RecordedTrack, TrackCheck, TrackHealth
from jianlu.core.errors import UnavailableError
from jianlu.core.limits import GAP_EDGE_MS, LIVE_LAG_MS, LIVE_LAG_MS_MAX

_RESERVED_SIZE = (1280, 720)
_KEY_FRAME_EVERY_US = 1_000_000
_KEY_FRAME_LEAST_EVERY_US = 10_000_000
"""A player that jumps into a recording decodes from the last key frame on, and browsers send none of their own accord."""

_KEYS_APART_US = (GAP_EDGE_MS - 100) * 1000
_LAG_MARGIN_MS = 400
_LAG_EASES_PERMILLE = 5
_STALE_US = 5_000_000


@dataclass(frozen=True, slots=True)
class Measured:
    """A sheet of clock measurements to be sealed, and how many it holds."""

    plaintext: bytes
    samples: int


class LiveRecording:
    """Records `tracks`; `formats` are those of an earlier run that is being resumed, `openers` by feed and kind for an encrypted room."""

    def __init__(
        self,
        tracks: Sequence[RecordedTrack],
        now_us: int,
        formats: Mapping[str, TrackFormat] | None = None,
        openers: Callable[[str, str], FrameOpener] | None = None,
    ) -> None:
        senders = {track.feed: SenderClock() for track in tracks}
        self._tracks = [
            LiveTrack(track, senders[track.feed], openers(track.feed, track.media) if openers else None) for track in tracks
        ]
        for track in self._tracks:
            track.format = (formats or {}).get(track.about.track)
        self._by_source = {(track.about.feed, track.is_audio): index for index, track in enumerate(self._tracks)}
        self._watches = [TrackWatch(track, now_us) for track in self._tracks]
        self._absent_feeds: set[str] = set()
        self._is_tapped = True
        self._cutter: LiveCutter | None = None
        self._sheet = ClockSheet(self._tracks)
        self._zero_us = 0
        self._is_paused = False
        self._end_ms: int | None = None
        self._duration_ms: int | None = None
        self._lag_ms = LIVE_LAG_MS
        self._asked_us: dict[str, int] = {}
        self._keys_from_us = now_us
        self._keyed: dict[str, tuple[int, int]] = {}
        self._healths: dict[str, TrackHealth] = {}

    # -- before the beginning ---------------------------------------------------------------------------------------------

    def checks(self, now_us: int) -> dict[str, TrackCheck]:
        """What was seen of every track that must be there."""
        return {track.about.track: self._check(track, now_us) for track in self._tracks if not track.about.is_share}

    def _check(self, track: LiveTrack, now_us: int) -> TrackCheck:
        is_flowing = track.last_packet_us > 0 and now_us - track.last_packet_us < _STALE_US
        counts = track.counts
        return TrackCheck(
            is_ready=is_flowing and track.format is not None and not track.awaits_key,
            codec=track.format.codec if track.format else "",
            packets=counts.packets,
            key_frames=counts.key_frames,
            level_db=-track.loudest if track.is_audio else 0,
            width=track.size[0],
            height=track.size[1],
        )

    def settle_formats(self) -> dict[str, TrackFormat]:
        """The format of every track, shares as their seat's camera (or any camera) has it; UnavailableError when one is not known."""
        pictures = [track for track in self._tracks if not track.is_audio and track.format]
        for track in self._tracks:
            if track.format is None and track.about.is_share:
                own = [each for each in pictures if track.about.feed.startswith(f"{each.about.feed}-")]
                model = next((each.format for each in [*own, *pictures]), None)
                if model is not None:
                    track.format = picture_format(track.about.track, model.codec, model.setup, _RESERVED_SIZE)
        missing = [track.about.track for track in self._tracks if track.format is None]
        if missing:
            raise UnavailableError(
                f"nothing that can be recorded has come yet of {', '.join(missing)}: see to the devices, try again"
            )
        return {track.about.track: track.format for track in self._tracks if track.format is not None}

    def opening(self) -> bytes:
        """The init segment; `settle_formats` first."""
        formats = list(self.settle_formats().values())
        return init_segment(formats, [0] * len(formats))

    def begin(self, zero_us: int, *, from_ms: int = 0) -> None:
        """Record from `from_ms` of the session whose zero is `zero_us`; from 0, or behind the hole that a restart left."""
        cause = GapReason.RECORDER_RESTARTED if from_ms else GapReason.STARTS_LATE
        specs = [LaneSpec(t.about.track, t.rate_hz, t.hole_ms, t.about.is_share) for t in self._tracks]
        self._zero_us = zero_us
        self._cutter = LiveCutter(specs, from_ms=from_ms)
        self._asked_us = {}
        for index, track in enumerate(self._tracks):
            self._keep(index, track.begin(zero_us, cause))

    def require_keys(self, now_us: int) -> None:
        """Ask every camera for a key frame, so that the recording can begin with one."""
        self._asked_us, self._keys_from_us = {}, now_us
        for track in self._tracks:
            track.require_key()

    def first_key_us(self) -> int | None:
        """When the first of the key frames asked for lies; None before every camera has sent its own at about the same time.

        A camera whose key frame came too long before the last one's is asked again.
        """
        cameras = [track for track in self._tracks if not track.is_audio and not track.about.is_share]
        newest_us = max((track.last_key_us for track in cameras), default=self._keys_from_us)
        from_us = max(self._keys_from_us, newest_us - _KEYS_APART_US)
        early = [track for track in cameras if track.last_key_us < from_us]
        for track in early:
            if not track.awaits_key:
                self._asked_us.pop(track.about.feed, None)
                track.require_key()
        return None if early else min((track.last_key_us for track in cameras), default=self._keys_from_us)

    # -- what comes in -----------------------------------------------------------------------------------------------------

    def take(self, frame: TapFrame) -> None:
        """Take what the tap says."""
        if isinstance(frame, FeedChange):
            self._note_change(frame)
            return
        index = self._by_source.get((frame.feed, frame.media == AUDIO))
        if index is None:
            return
        if isinstance(frame, Report):
            self._tracks[index].report(frame)
        elif isinstance(frame, Packet):
            self._keep(index, self._tracks[index].take(frame))

    def lose_tap(self) -> None:
        """The tap is gone: nothing comes from any feed until it is back."""
        self._is_tapped = False

    def regain_tap(self) -> None:
        """The tap is there again; what it says of the feeds follows."""
        self._is_tapped = True

    def pause(self) -> None:
        """Keep nothing from now on."""
        self._is_paused = True

    def resume(self) -> None:
        """Keep again; pictures begin with a key frame."""
        self._is_paused = False
        self._asked_us = {}
        for track in self._tracks:
            track.require_key()

    def _note_change(self, change: FeedChange) -> None:
        if change.state == "connected":
            self._absent_feeds.discard(change.feed)
        else:
            self._absent_feeds.add(change.feed)

    def _keep(self, index: int, samples: list[LiveSample]) -> None:
        if self._cutter is None:
            return
        track = self._tracks[index]
        dropped: set[GapReason] = set()  # what those explained that came too late: they took it from the one that ends the hole
        for sample in samples:
            if self._is_paused:
                track.explain(GapReason.PAUSED)
                continue
            whole = replace(sample, cause=best_cause({*dropped, sample.cause})) if dropped else sample
            if self._cutter.push(index, whole):
                dropped.clear()
            else:
                track.counts.late += 1
                dropped |= {GapReason.PACKETS_LOST, sample.cause}
        for cause in dropped:
            track.explain(cause)
        if samples:
            late_ms = track.latest_lag_us // 1000 + _LAG_MARGIN_MS
            self._lag_ms = max(self._lag_ms, min(late_ms, LIVE_LAG_MS_MAX))

    # -- the passing of time -----------------------------------------------------------------------------------------------

    def tick(self, now_us: int) -> list[LiveOutput]:
        """What is due at `now_us`; several times a second."""
        self._explain()
        for index, track in enumerate(self._tracks):
            self._keep(index, track.expire(now_us))
        if self._cutter is None or self._duration_ms is not None:
            return []
        self._lag_ms = max(LIVE_LAG_MS, self._lag_ms - self._lag_ms * _LAG_EASES_PERMILLE // 1000)
        settled_ms = self.now_ms(min([now_us, *self._waiting_since_us()])) - self._lag_ms
        return self._cutter.cut(settled_ms) if self._end_ms is None or settled_ms < self._end_ms else self._cut_the_end()

    def _waiting_since_us(self) -> list[int]:
        """Since when tracks wait for what is sent again: no segment is cut that it may belong to."""
        return [since for track in self._tracks if (since := track.waiting_since_us) is not None]

    def end(self, at_ms: int, now_us: int) -> int:
        """Record what belongs before `at_ms` of the session and nothing behind it; the first call counts. Returns where the end lies.

        That is no later than now, and no earlier than what is cut already. `tick` cuts it once it is settled, as every segment is.
        """
        if self._cutter is None:
            raise UnavailableError("the recording has not begun: start it first")
        if self._end_ms is None:
            self._end_ms = max(min(at_ms, self.now_ms(now_us)), self._cutter.from_ms)
        return self._end_ms

    def finish(self, now_us: int) -> list[LiveOutput]:
        """Everything up to the end, or up to now, without waiting for anything that may still come."""
        self.end(self.now_ms(now_us), now_us)
        self._explain()
        for index, track in enumerate(self._tracks):
            self._keep(index, track.expire(now_us + 3_600_000_000))
        return self._cut_the_end()

    def _cut_the_end(self) -> list[LiveOutput]:
        if self._cutter is None or self._end_ms is None or self._duration_ms is not None:
            return []
        outputs, self._duration_ms = self._cutter.finish(self._end_ms, [track.cause for track in self._tracks])
        return outputs

    @property
    def duration_ms(self) -> int | None:
        """The length of the session once its end is cut; None before."""
        return self._duration_ms

    def measured(self, now_us: int, *, is_final: bool = False) -> Measured | None:
        """The clocks' measurements, when it is time to seal them."""
        sheet = self._sheet.look(now_us, self.now_ms(now_us), is_final=is_final)
        return Measured(*sheet) if sheet else None

    def _explain(self) -> None:
        for track in self._tracks:
            if not self._is_tapped or track.about.feed in self._absent_feeds:
                track.explain(GapReason.CONNECTION_LOST)
            if self._is_paused:
                track.explain(GapReason.PAUSED)

    # -- health --------------------------------------------------------------------------------------------------------------

    def key_frames_wanted(self, now_us: int) -> list[str]:
        """Feeds that have to send a key frame: at most once a second where one is awaited, else when the last is old."""
        wanted = []
        for track in self._tracks:
            feed = track.about.feed
            is_due = now_us - self._asked_us.get(feed, 0) >= _KEY_FRAME_EVERY_US
            is_old = not track.is_audio and self._is_old(track, now_us)
            if is_due and track.counts.packets and (track.awaits_key or is_old):
                self._asked_us[feed] = now_us
                wanted.append(feed)
        return wanted

    def _is_old(self, track: LiveTrack, now_us: int) -> bool:
        """Whether the track's last key frame was seen too long ago."""
        count, since_us = self._keyed.get(track.about.feed, (-1, now_us))
        if count != track.counts.key_frames:
            self._keyed[track.about.feed] = (track.counts.key_frames, now_us)
            return False
        return now_us - since_us >= _KEY_FRAME_LEAST_EVERY_US

    def look(self, now_us: int) -> dict[str, TrackHealth]:
        """The health of every track; once a second."""
        self._healths = {
            track.about.track: self._disconnected(track, watch.look(now_us))
            for track, watch in zip(self._tracks, self._watches, strict=True)
        }
        return self._healths

    def _disconnected(self, track: LiveTrack, health: TrackHealth) -> TrackHealth:
        """A feed that its room calls gone is lost at once, not only when nothing has come for a while."""
        is_gone = not self._is_tapped or track.about.feed in self._absent_feeds
        return replace(health, state="lost") if is_gone and not track.about.is_share else health

    @property
    def healths(self) -> Mapping[str, TrackHealth]:
        """What the last look found."""
        return self._healths

    def conditions(self) -> set[tuple[str, str]]:
        """What is wrong with tracks now, as (code, track)."""
        found = {
            (f"track_{health.state}", name)
            for name, health in self._healths.items()
            if health.state in ("lost", "silent", "frozen", "weak")
        }
        found |= {("frames_sealed", name) for name, health in self._healths.items() if health.state == "undecryptable"}
        found |= {("codec_changed", track.about.track) for track in self._tracks if _is_foreign(track)}
        return found if self._is_tapped else found | {("tap_lost", "")}

    def now_ms(self, now_us: int) -> int:
        """Session time; 0 before the beginning."""
        return max(0, (now_us - self._zero_us) // 1000) if self._cutter is not None else 0

    @property
    def has_begun(self) -> bool:
        """Whether it records (or is paused)."""
        return self._cutter is not None

    @property
    def is_paused(self) -> bool:
        """Whether it keeps nothing for now."""
        return self._is_paused

    @property
    def zero_us(self) -> int:
        """The session's zero."""
        return self._zero_us


def _is_foreign(track: LiveTrack) -> bool:
    """Whether what comes is of a codec that the track does not have."""
    return track.counts.foreign > 0 and track.last_frame_us < track.last_packet_us - _STALE_US
