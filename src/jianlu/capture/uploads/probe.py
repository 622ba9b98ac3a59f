"""Looks at a media file without reading its media: container, streams, claimed duration, and whether we can capture it.

Durations and sizes are claims of the file. Reading the media, and noticing that a claim was wrong, is `read.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from jianlu.capture.uploads._opening import opened, read_layout
from jianlu.capture.uploads.model import Layout, Probe, ProbedStream
from jianlu.core.errors import InvalidError
from jianlu.core.limits import FRAME_SIDE_MAX, MEDIA_DURATION_MS_MAX, MEDIA_STREAMS_MAX

_STILL = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails


def probe(path: Path) -> Probe:
    """The media at `path` as its headers describe it; raises NotFoundError, or InvalidError with the next step."""
    layout, file_bytes = read_layout(path)
    with opened(path, layout) as container:
        return probe_container(container, layout, file_bytes)


def probe_container(container: InputContainer, layout: Layout, file_bytes: int) -> Probe:
    """The open `container` described; raises InvalidError beyond a limit."""
    if len(container.streams) > MEDIA_STREAMS_MAX:
        raise InvalidError(f"the file has more than {MEDIA_STREAMS_MAX} streams: export picture and sound alone")
    duration_ms = max(0, (container.duration or 0) // 1000)
    if duration_ms > MEDIA_DURATION_MS_MAX:
        raise InvalidError(f"the recording lasts longer than {MEDIA_DURATION_MS_MAX // 3_600_000} hours: split it into sessions")
    return Probe(layout.container, file_bytes, duration_ms, tuple(_described(stream) for stream in container.streams))


def _described(stream: Any) -> ProbedStream:
    context = stream.codec_context
    if context is None:
        return ProbedStream(stream.index, "other", "unknown")
    codec = context.codec.canonical_name
    if isinstance(stream, AudioStream):
        return ProbedStream(stream.index, "audio", codec, rate_hz=context.sample_rate, channels=context.layout.nb_channels)
    if not isinstance(stream, VideoStream) or stream.disposition & _STILL:
        return ProbedStream(stream.index, "other", codec)
    if not (0 < context.width <= FRAME_SIDE_MAX and 0 < context.height <= FRAME_SIDE_MAX):
        raise InvalidError(f"the picture has no size, or one beyond {FRAME_SIDE_MAX}: export the recording again")
    return ProbedStream(stream.index, "video", codec, width=context.width, height=context.height)
