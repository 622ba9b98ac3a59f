"""One live track: RTP packets of one feed's sound or picture in, samples of the session out, with why anything before them is missing.

Streams come and go (another SSRC after a reconnection, another layer of a simulcast); the track stays. Its format is settled by the
first media seen, and a stream of another codec is not recorded: an MP4 track has one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, replace

from jianlu.capture.recording.avc_setup import avc_setup, picture_size
from jianlu.capture.recording.live.clocks import AUDIO_PACE, VIDEO_PACE, SenderClock, StreamClock
from jianlu.capture.recording.live.depacketise import Frame, H264Depacketiser, OpusDepacketiser, depacketiser_for, opus_ticks
from jianlu.capture.recording.live.jitter import JitterBuffer, Lost
from jianlu.capture.recording.live.sframe import FrameOpener
from jianlu.capture.recording.live.tap_frames import LEVEL_UNKNOWN, Packet, Report
from jianlu.capture.recording.model import AudioShape, GapReason, Sample, TrackFormat, VideoShape
from jianlu.capture.recording.vpx_setup import vp8_setup
from jianlu.capture.sessions.recorders import RecordedTrack
from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.limits import GAP_AUDIO_MS, GAP_LIVE_PICTURE_MS

AUDIO_RATE_HZ, VIDEO_RATE_HZ = 48_000, 90_000
QUIET_LEVEL = 50
"""Sound below -50 dBov is taken for a pause of speech, where a correction of the clock is heard by nobody."""

_CLOCKS_KEPT = 8
_BEFORE_US = 4_000_000
_CAUSES = (
    GapReason.PAUSED,
    GapReason.UNDECRYPTABLE,
    GapReason.SEALING_STALLED,
    GapReason.RECORDER_RESTARTED,
    GapReason.STARTS_LATE,
    GapReason.CONNECTION_LOST,
    GapReason.PACKETS_LOST,
)
"""What explains a hole best, when several things happened in it."""


def best_cause(causes: Collection[GapReason]) -> GapReason:
    """Of several causes the one that explains a hole best; `SOURCE_ABSENT` where there is none."""
    return next((cause for cause in _CAUSES if cause in causes), GapReason.SOURCE_ABSENT)


@dataclass(frozen=True, slots=True)
class LiveSample:
    """A sample and, for a hole before it, what would explain that."""

    sample: Sample
    cause: GapReason
    from_arrival_us: int


@dataclass(slots=True)
class Counts:
    """What the watchdog looks at; everything only grows."""

    packets: int = 0
    lost: int = 0
    payload_bytes: int = 0
    frames: int = 0
    frame_bytes: int = 0
    key_frames: int = 0
    duplicates: int = 0
    late: int = 0
    streams: int = 0
    foreign: int = 0
    unopened: int = 0


class LiveTrack:
    """Feeds on packets; gives samples whose times are ticks since the session's zero (`zero_us` on the machine's clock)."""

    def __init__(self, about: RecordedTrack, sender: SenderClock, opener: FrameOpener | None = None) -> None:
        self.about = about
        self.is_audio = about.kind == "audio"
        self.rate_hz = AUDIO_RATE_HZ if self.is_audio else VIDEO_RATE_HZ
        self.hole_ms = GAP_AUDIO_MS if self.is_audio else GAP_LIVE_PICTURE_MS
        self.counts = Counts()
        self.format: TrackFormat | None = None
        self.size = (0, 0)
        self.last_packet_us = 0
        self.last_frame_us = 0
        self.loudest = 127
        self.latest_lag_us = 0
        self.zero_us: int | None = None
        self._sender = sender
        self._opener = opener
        self._codec = ""
        self._ssrc: int | None = None
        self._jitter = JitterBuffer()
        self._depacketiser = depacketiser_for("opus")
        self._clocks: dict[int, StreamClock] = {}
        self._clock = self._new_clock()
        self._sps = b""
        self._needs_key = False
        self._before: deque[tuple[int, Frame]] = deque()
        self.last_key_us = 0
        self._causes: set[GapReason] = set()
        self._last_pts: int | None = None
        self._end_us = 0

    # -- what comes in -------------------------------------------------------------------------------------------------

    def take(self, packet: Packet) -> list[LiveSample]:
        """Samples that `packet` completes."""
        self.counts.packets += 1
        self.counts.payload_bytes += len(packet.payload)
        self.last_packet_us = packet.arrival_us
        if self.format is not None and packet.codec != self.format.codec:
            self.counts.foreign += 1
            return []
        samples = [] if packet.ssrc == self._ssrc and packet.codec == self._codec else self._change_stream(packet)
        self._clock.arrive(packet.timestamp, packet.arrival_us)
        if self.is_audio and packet.level != LEVEL_UNKNOWN:
            self.loudest = min(self.loudest, packet.level)
        return samples + self._ordered(self._jitter.push(packet))

    def report(self, report: Report) -> None:
        """Learn from a sender report, also of a stream whose packets are still to come."""
        self._clock_of(report.ssrc).report(report.timestamp, report.ntp, report.arrival_us)

    def expire(self, now_us: int) -> list[LiveSample]:
        """Samples that need not wait for missing packets any longer at `now_us`."""
        return self._ordered(self._jitter.expire(now_us)) if self.waiting_since_us is not None else []

    def explain(self, cause: GapReason) -> None:
        """Say what would explain a hole that is going on or begins now."""
        self._causes.add(cause)

    def begin(self, zero_us: int, cause: GapReason) -> list[LiveSample]:
        """From now on samples are of the session whose zero is `zero_us`; those of it that have come already are returned.

        `cause` is why nothing may be there at first.
        """
        self.zero_us = zero_us
        self._causes = {cause}
        self.require_key()
        samples = [self._timed(frame, at_us) for at_us, frame in self._before]
        self._before.clear()
        return [sample for sample in samples if sample is not None]

    def require_key(self) -> None:
        """Give no picture before the next key frame: nothing before it is kept, so nothing could be decoded."""
        self._needs_key = not self.is_audio

    # -- what is known ---------------------------------------------------------------------------------------------------

    @property
    def awaits_key(self) -> bool:
        """Whether nothing can be recorded before a key frame comes."""
        return self._needs_key or (not self.is_audio and self._depacketiser.awaits_key)

    @property
    def waiting_since_us(self) -> int | None:
        """Since when packets wait for one before them that may still be sent again; None when none waits."""
        return self._jitter.waiting_since_us

    @property
    def cause(self) -> GapReason:
        """What explains that nothing comes now."""
        return best_cause(self._causes)

    @property
    def drift_us(self) -> int:
        """How far samples lie from where the clocks say they belong."""
        return self._clock.error_us

    def skew_us(self, now_us: int) -> int | None:
        """As `StreamClock.skew_us`, of the present stream."""
        return self._clock.skew_us(now_us)

    # -- streams ---------------------------------------------------------------------------------------------------------

    def _change_stream(self, packet: Packet) -> list[LiveSample]:
        samples: list[LiveSample] = []
        if self._ssrc is not None:
            samples = self._ordered(self._jitter.expire(packet.arrival_us + 3_600_000_000))
            self.explain(GapReason.CONNECTION_LOST)
        self.counts.streams += 1
        self._ssrc, self._codec = packet.ssrc, packet.codec
        self._jitter = JitterBuffer()
        self._depacketiser = depacketiser_for(packet.codec)
        if isinstance(self._depacketiser, OpusDepacketiser):
            self._depacketiser.is_sealed = self._opener is not None
        self._clock = self._clock_of(packet.ssrc)
        return samples

    def _clock_of(self, ssrc: int) -> StreamClock:
        if ssrc not in self._clocks:
            while len(self._clocks) >= _CLOCKS_KEPT:
                self._clocks.pop(next(each for each in self._clocks if each != self._ssrc))
            self._clocks[ssrc] = self._new_clock()
        return self._clocks[ssrc]

    def _new_clock(self) -> StreamClock:
        return StreamClock(self.rate_hz, self._sender, AUDIO_PACE if self.is_audio else VIDEO_PACE)

    # -- frames ----------------------------------------------------------------------------------------------------------

    def _ordered(self, ordered: list[Packet | Lost]) -> list[LiveSample]:
        samples: list[LiveSample] = []
        for each in ordered:
            if isinstance(each, Lost):
                self.counts.lost += each.count
                self._depacketiser.lose()
                self.explain(GapReason.PACKETS_LOST)
                continue
            for frame in self._depacketiser.push(each):
                opened = self._opened(frame)
                sample = self._sample(opened, each.arrival_us) if opened else None
                if sample is not None:
                    samples.append(sample)
        return samples

    def _opened(self, frame: Frame) -> Frame | None:
        """The frame as it was before encryption; a picture that does not open is torn like one that was lost."""
        if self._opener is None:
            return frame
        try:
            payload = self._opener.open(self._codec, frame.payload)
        except IntegrityError:
            self.counts.unopened += 1
            self._depacketiser.lose()
            self.explain(GapReason.UNDECRYPTABLE)
            return None
        if not self.is_audio:
            return replace(frame, payload=payload)
        ticks = opus_ticks(payload)  # only now: how many frames a packet holds may be said behind its readable byte
        return replace(frame, payload=payload, duration=ticks) if ticks else None

    def _sample(self, frame: Frame, completed_us: int) -> LiveSample | None:
        self.counts.frames += 1
        self.counts.frame_bytes += len(frame.payload)
        self.counts.key_frames += frame.is_key and not self.is_audio
        self.last_frame_us = completed_us
        if frame.is_key and not self._note_format(frame):
            return None
        if self.zero_us is None:
            self._remember(frame, self._clock.place(frame.timestamp, is_free=True))
            return None
        is_after_hole = self._last_pts is None or frame.arrival_us - self._end_us > self.hole_ms * 1000
        is_quiet = self.is_audio and frame.level != LEVEL_UNKNOWN and frame.level >= QUIET_LEVEL
        at_us = self._clock.place(frame.timestamp, is_quiet=is_quiet, is_free=is_after_hole)
        self.latest_lag_us = completed_us - at_us
        return self._timed(frame, at_us)

    def _remember(self, frame: Frame, at_us: int) -> None:
        """Before the beginning: keep what may turn out to be of the session, whose zero may lie a little back."""
        if frame.is_key and not self.is_audio:
            self._needs_key, self.last_key_us = False, at_us
        self._before.append((at_us, frame))
        while self._before[0][0] < at_us - _BEFORE_US:
            self._before.popleft()

    def _timed(self, frame: Frame, at_us: int) -> LiveSample | None:
        """The frame at `at_us` as a sample; None when it is before the session or cannot be decoded in it."""
        if self.zero_us is None:
            return None
        pts = (at_us - self.zero_us) * self.rate_hz // 1_000_000
        if pts < 0 or (self._needs_key and not frame.is_key):
            return None
        self._needs_key = False
        if self._last_pts is not None and pts <= self._last_pts:
            pts = self._last_pts + 1
        self._last_pts, self._end_us = pts, frame.arrival_us
        sample = LiveSample(Sample(pts, frame.duration, frame.is_key, frame.payload), self.cause, frame.arrival_us)
        self._causes.clear()
        return sample

    def _note_format(self, frame: Frame) -> bool:
        """Settle the format by the first frame that says it; False for a frame whose parameter sets cannot be read."""
        try:
            if isinstance(self._depacketiser, H264Depacketiser) and self._depacketiser.sps != self._sps:
                self._sps = self._depacketiser.sps
                self.size = picture_size(self._sps)
            elif frame.size != (0, 0):
                self.size = frame.size
            if self.format is None or self._has_become_stereo():
                self.format = self._format()
        except InvalidError:
            self._sps = b""
            self._depacketiser.lose()
            return False
        return True

    def _has_become_stereo(self) -> bool:
        """Before the recording begins, a second channel still counts."""
        is_stereo = isinstance(self._depacketiser, OpusDepacketiser) and self._depacketiser.is_stereo
        return is_stereo and self.zero_us is None and self.format is not None and self.format.setup[9] == 1

    def _format(self) -> TrackFormat:
        if isinstance(self._depacketiser, OpusDepacketiser):
            channels = 2 if self._depacketiser.is_stereo else 1
            return TrackFormat(self.about.track, "opus", opus_setup(channels), AUDIO_RATE_HZ, AudioShape(48_000, channels))
        if isinstance(self._depacketiser, H264Depacketiser):
            return picture_format(self.about.track, "h264", avc_setup(self._sps, self._depacketiser.pps), self.size)
        return picture_format(self.about.track, "vp8", vp8_setup(None), self.size)


def picture_format(track: str, codec: str, setup: bytes, size: tuple[int, int]) -> TrackFormat:
    """The format of a live picture: its size and parameter sets may change later."""
    return TrackFormat(track, codec, setup, VIDEO_RATE_HZ, VideoShape(*size), has_inband_setup=codec == "h264")


def opus_setup(channels: int) -> bytes:
    """The identification header (RFC 7845, 5.1) of Opus from RTP: no priming is cut, as no receiver of a call does."""
    return b"OpusHead" + bytes((1, channels)) + bytes(2) + (48_000).to_bytes(4, "little") + bytes(3)
