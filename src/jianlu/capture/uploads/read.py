"""Reads a media file as samples in file order, unchanged, and proves at the end that all of it was read.

One pass, memory of one packet. Nothing is decoded. What the container promised (frames listed, duration) is compared with
what came, so that a damaged file is refused instead of being sealed as if it were whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.packet import Packet

from jianlu.capture.model import TrackRole
from jianlu.capture.recording.model import PICTURE, AudioShape, Colour, Sample, TrackFormat, VideoShape
from jianlu.capture.recording.sample_entries import CODECS
from jianlu.capture.recording.vpx_setup import vp8_setup, vp9_setup
from jianlu.capture.uploads._opening import media_errors, opened, read_layout
from jianlu.capture.uploads.model import Layout, Listed, Probe, ProbedStream
from jianlu.capture.uploads.probe import probe_container
from jianlu.core.errors import InvalidError
from jianlu.core.limits import MEDIA_TRACKS_MAX

_TIMESCALE_MAX = 10_000_000
"""Ticks per second: a fragment's 32-bit durations then reach over seven minutes; MP4 writers use at most a million."""
_SHORT_MS = 1_000
_UNSPECIFIED = 2
_LESS = "track {track} lists {listed} frames and {count} could be read: the file is damaged; copy it again from the recorder"
_DAMAGED = "the media is damaged near {at_s} s of {track}: copy it again from the recorder"

Choice = tuple[str, ProbedStream]
"""A track's id and the stream that holds it."""


class _TrackReader:
    """Turns the packets of one stream into samples of its track."""

    def __init__(self, track: TrackFormat, listed: Listed | None, stream: Any) -> None:
        self.track, self.listed, self.stream = track, listed, stream
        self.count = self.end = 0
        shown_from_s = None if listed is None else listed.shown_from_s
        self._is_exact = (stream.time_base * track.timescale).denominator == 1
        self._shown_from = None if shown_from_s is None else round(shown_from_s * track.timescale)

    def sample(self, packet: Packet[Any]) -> Sample:
        """The packet as a sample; raises InvalidError when it is damaged, has no time, or changes the codec setup."""
        track, pts = self.track, packet.pts
        if pts is None:
            raise InvalidError(f"track {track.track} has frames without a time: export the recording as MP4 or MKV again")
        at = self._ticks(pts, packet.time_base)
        if packet.is_corrupt:
            raise InvalidError(_DAMAGED.format(at_s=max(0, at // track.timescale), track=track.track))
        priming = self._side_data(packet)
        trim = priming if self._shown_from is None else max(0, self._shown_from - at)
        duration = self._ticks(packet.duration or 0, packet.time_base)
        self.count += 1
        self.end = max(self.end, at + duration)
        return Sample(at, duration, packet.is_keyframe, bytes(packet), trim)

    def _ticks(self, time: int, base: Fraction) -> int:
        return time * self.track.grain if self._is_exact else round(time * base * self.track.timescale)

    def _side_data(self, packet: Packet[Any]) -> int:
        """Ticks of audio priming that the first packet announces."""
        priming = 0
        for side in packet.iter_sidedata():
            if side.data_type == "new_extradata" and bytes(side) != self.track.setup and self.count:
                raise InvalidError(
                    f"track {self.track.track} changes its codec setup on the way: export the recording as one piece"
                )
            if side.data_type == "skip_samples" and not self.count and isinstance(self.track.shape, AudioShape):
                priming = int.from_bytes(bytes(side)[:4], "little") * self.track.timescale // self.track.shape.rate_hz
        return priming


class Source:
    """An open media file whose tracks have their roles: `tracks` describe them, `samples` yields them once."""

    def __init__(
        self, container: InputContainer, layout: Layout, probed: Probe, chosen: Sequence[Choice], setups: dict[int, bytes]
    ) -> None:
        self._container, self.probe = container, probed
        self._readers = []
        for name, probed_stream in chosen:
            stream, listed = container.streams[probed_stream.index], _listed(layout, probed, probed_stream)
            track = _track_format(name, probed_stream, stream, listed, setups)
            self._readers.append(_TrackReader(track, listed, stream))

    @property
    def tracks(self) -> list[TrackFormat]:
        """The tracks, the picture first, then the audio streams in the container's order."""
        return [reader.track for reader in self._readers]

    def samples(self) -> Iterator[tuple[int, Sample]]:
        """Each sample with the number of its track; raises InvalidError where the media is damaged or less than was promised."""
        places = {reader.stream.index: (place, reader) for place, reader in enumerate(self._readers)}
        with media_errors():
            for packet in self._container.demux([reader.stream for reader in self._readers]):
                if packet.size:  # the library ends with an empty packet a stream
                    place, reader = places[packet.stream_index]
                    yield place, reader.sample(packet)
        self._check_whole()

    def _check_whole(self) -> None:
        for reader in self._readers:
            listed = reader.listed.samples if reader.listed else reader.count
            if listed != reader.count:
                raise InvalidError(_LESS.format(track=reader.track.track, listed=listed, count=reader.count))
        end_ms = max(reader.end * 1000 // reader.track.timescale for reader in self._readers)
        start_ms = max(0, (self._container.start_time or 0) // 1000)
        if self.probe.duration_ms - (end_ms - start_ms) > max(_SHORT_MS, self.probe.duration_ms // 100):
            raise InvalidError(
                "the file promises a longer recording than it holds: it is truncated; copy it again from the recorder"
            )


@contextmanager
def open_source(path: Path, roles: Sequence[TrackRole]) -> Iterator[Source]:
    """The media at `path` with its tracks named after `roles`; raises InvalidError when they do not fit or a codec is not ours."""
    layout, file_bytes = read_layout(path)
    with opened(path, layout) as container:
        probed = probe_container(container, layout, file_bytes)
        chosen = _chosen(probed, roles)
        for name, stream in chosen:
            if stream.codec not in CODECS:
                raise InvalidError(f"track {name} is coded as {stream.codec}: use H.264, H.265, VP8, VP9 or AV1, and AAC or Opus")
        setups = {stream.index: _vpx_setup(path, layout, stream) for _, stream in chosen if stream.codec in ("vp8", "vp9")}
        yield Source(container, layout, probed, chosen, setups)


def _chosen(probed: Probe, roles: Sequence[TrackRole]) -> list[Choice]:
    """Names and streams of the tracks, the picture first."""
    if len(probed.video) > 1:
        raise InvalidError("the file has more than one picture: export the one that counts, or a composite")
    if not probed.video and not probed.audio:
        raise InvalidError("the file has neither picture nor sound: check that the right file was chosen")
    if sorted(role.audio for role in roles) != list(range(len(probed.audio))):
        raise InvalidError(
            f"the file has {len(probed.audio)} audio tracks and the case names {len(roles)}: give each, from 0, one role"
        )
    if len({role.role for role in roles}) != len(roles):
        raise InvalidError("two audio tracks have the same role: give each its own, or `mixed` where one track holds everybody")
    if len(roles) + len(probed.video) > MEDIA_TRACKS_MAX:
        raise InvalidError(f"the file has more than {MEDIA_TRACKS_MAX} tracks: export picture and microphones alone")
    named = [(role.role, probed.audio[role.audio]) for role in sorted(roles, key=lambda role: role.audio)]
    return [*((PICTURE, stream) for stream in probed.video), *named]


def _listed(layout: Layout, probed: Probe, stream: ProbedStream) -> Listed | None:
    """What the container lists for `stream`; None when its tables cannot be matched with the library's streams."""
    fellows = probed.video if stream.kind == "video" else probed.audio
    listed = layout.listed.get(stream.kind, ())
    return listed[fellows.index(stream)] if len(listed) == len(fellows) else None


def _track_format(
    name: str, stream: ProbedStream, opened_stream: Any, listed: Listed | None, setups: dict[int, bytes]
) -> TrackFormat:
    timescale = _timescale(name, stream, opened_stream.time_base)
    setup = setups.get(stream.index, opened_stream.codec_context.extradata or b"")
    shape: VideoShape | AudioShape
    if stream.kind == "audio":
        if stream.rate_hz <= 0 or stream.channels <= 0:
            raise InvalidError(f"track {name} does not say its sampling rate: export the recording again")
        shape = AudioShape(stream.rate_hz, stream.channels)
    else:
        aspect = opened_stream.sample_aspect_ratio or Fraction(1)
        pixel_aspect = (aspect.numerator, aspect.denominator) if 0 < aspect < 100 else (1, 1)
        transform = {} if listed is None else {"transform": listed.transform}
        shape = VideoShape(stream.width, stream.height, pixel_aspect, _colour(opened_stream.codec_context), **transform)
    return TrackFormat(name, stream.codec, setup, timescale, shape, max(1, int(opened_stream.time_base * timescale)))


def _timescale(name: str, stream: ProbedStream, base: Fraction) -> int:
    """Ticks per second in which every time of the source is whole; for sound a multiple of its sampling rate where that fits.

    A source that names times finer than a tenth of a microsecond is rounded to that.
    """
    if base <= 0:
        raise InvalidError(f"track {name} has no clock: export the recording again")
    finest = lcm(base.denominator, stream.rate_hz or 1)
    return next(timescale for timescale in (finest, base.denominator, _TIMESCALE_MAX) if timescale <= _TIMESCALE_MAX)


def _colour(context: Any) -> Colour | None:
    points = (int(context.color_primaries), int(context.color_trc), int(context.colorspace))
    return None if set(points) <= {0, _UNSPECIFIED} else Colour(*points, is_full_range=int(context.color_range) == 2)


def _vpx_setup(path: Path, layout: Layout, stream: ProbedStream) -> bytes:
    """VP8 and VP9 have no setup in their containers: make it from the first frame, read in a look of its own."""
    with opened(path, layout) as container:
        context = container.streams[stream.index].codec_context
        colour = _colour(context)
        if stream.codec == "vp8":
            return vp8_setup(colour)
        rate = getattr(container.streams[stream.index], "average_rate", None) or Fraction(30)
        for packet in container.demux(container.streams[stream.index]):
            return vp9_setup(bytes(packet), width=stream.width, height=stream.height, frames_per_s=float(rate), colour=colour)
    raise InvalidError("the picture has no frames: record it again")
