"""Media files for tests, made with the real encoders: small, moving, audible, and odd where a test wants them odd."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from jianlu.entry.sample.priority import restore_priority

_ENCODER_OPTIONS = {
    "libx264": {"preset": "veryfast", "bf": "3", "g": "50"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "threads": "1", "g": "50"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "threads": "1"},
    "libsvtav1": {"preset": "12"},
}


@dataclass(frozen=True)
class Clip:
    """A test recording. `dropped` [from, to) seconds are left out of the tracks named in `dropped_from`."""

    video: str = "libx264"
    audio: str = "aac"
    seconds: int = 5
    frames_per_s: int = 25
    size: tuple[int, int] = (160, 120)
    audio_tracks: int = 2
    audio_delay_ms: int = 0
    rate_hz: int = 48000
    dropped: tuple[float, float] = (0.0, 0.0)
    dropped_from: Sequence[str] = ("video", "audio")
    options: dict[str, str] = field(default_factory=dict)


def make_media(path: Path, clip: Clip) -> Path:
    """Encode `clip` into `path` (the container by its ending) and return the path."""
    with av.open(str(path), "w", options=clip.options) as container:
        video = _add_video(container, clip) if clip.video else None
        audio: list[Any] = [container.add_stream(clip.audio, rate=clip.rate_hz, layout="mono") for _ in range(clip.audio_tracks)]
        heard = [clip.audio_delay_ms * clip.rate_hz // 1000] * clip.audio_tracks
        for number in range(clip.seconds * clip.frames_per_s):
            if video is not None and not _is_dropped(clip, "video", number / clip.frames_per_s):
                container.mux(video.encode(_picture(clip, number)))
            for track, stream in enumerate(audio):
                while heard[track] / clip.rate_hz < (number + 1) / clip.frames_per_s:
                    sound = _sound(clip, track, heard[track])
                    heard[track] += 1024
                    if not _is_dropped(clip, "audio", (heard[track] - 1024) / clip.rate_hz):
                        container.mux(stream.encode(sound))
        for stream in [*([video] if video is not None else []), *audio]:
            container.mux(stream.encode(None))
    return path


def _add_video(container: Any, clip: Clip) -> Any:
    stream = container.add_stream(clip.video, rate=clip.frames_per_s)
    stream.width, stream.height = clip.size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, clip.frames_per_s * 100)
    stream.options = _ENCODER_OPTIONS[clip.video]
    stream.codec_context.open()
    restore_priority()
    return stream


def _is_dropped(clip: Clip, kind: str, at_s: float) -> bool:
    return kind in clip.dropped_from and clip.dropped[0] <= at_s < clip.dropped[1]


def _picture(clip: Clip, number: int) -> Any:
    width, height = clip.size
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, :, 0] = (np.arange(width)[None, :] * 2 + number * 3) % 256
    pixels[10:30, number * 2 % 100 : number * 2 % 100 + 20] = 255
    frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
    frame.pts, frame.time_base = number * 100, Fraction(1, clip.frames_per_s * 100)
    return frame


def _sound(clip: Clip, track: int, at: int) -> Any:
    ticks = np.arange(at, at + 1024)
    wave = np.sin(ticks * 2 * np.pi * (440 + 220 * track) / clip.rate_hz) * 0.3
    frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None, :], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = clip.rate_hz, at, Fraction(1, clip.rate_hz)
    return frame


def repeat_media(source: Path, target: Path, times: int, *, seconds: int) -> Path:
    """`target` holds the packets of `source` (of whole `seconds`) `times` over: hours of media without hours of encoding."""
    with av.open(str(source)) as given:
        templates = list(given.streams)
        packets = [
            (
                packet.stream_index,
                packet.pts or 0,
                packet.dts,
                packet.duration or 0,
                packet.is_keyframe,
                bytes(packet),
                packet.time_base,
            )
            for packet in given.demux()
            if packet.size
        ]
        with av.open(str(target), "w") as container:
            streams: list[Any] = [container.add_stream_from_template(template) for template in templates]
            for turn in range(times):
                for index, pts, dts, duration, is_keyframe, payload, base in packets:
                    if templates[index].type == "audio" and ((turn and pts < 0) or pts * base >= seconds):
                        continue
                    again = av.Packet(payload)
                    again.stream, again.time_base = streams[index], base
                    shift = int(seconds * turn / base)
                    again.pts, again.dts = pts + shift, (pts if dts is None else dts) + shift
                    again.duration, again.is_keyframe = duration, is_keyframe
                    container.mux(again)
    return target


def packets_of(path: Path) -> dict[int, list[tuple[Fraction, bytes]]]:
    """For each stream the presentation time in seconds and the payload of every packet, in file order."""
    with av.open(str(path)) as container:
        found: dict[int, list[tuple[Fraction, bytes]]] = {stream.index: [] for stream in container.streams}
        for packet in container.demux():
            if packet.size and packet.pts is not None:
                found[packet.stream_index].append((packet.pts * packet.time_base, bytes(packet)))
        return found


def frames_of(path: Path, index: int) -> list[tuple[Fraction, bytes]]:
    """Presentation time in seconds and decoded content of every frame of stream `index`."""
    with av.open(str(path)) as container:
        return [(frame.pts * frame.time_base, frame.to_ndarray().tobytes()) for frame in _decoded(container, index)]


def _decoded(container: Any, index: int) -> Iterator[Any]:
    yield from container.decode(container.streams[index])


def boxes_of(content: bytes) -> list[tuple[bytes, int, int]]:
    """The top-level boxes of an MP4: kind, start and size."""
    at, found = 0, []
    while at < len(content):
        size = int.from_bytes(content[at : at + 4])
        found.append((content[at + 4 : at + 8], at, size))
        at += size
    return found
