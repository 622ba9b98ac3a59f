"""Small sessions made on the spot: a moving picture and tracks of sound, with faults where a test asks for them.

Everything is real media, encoded and muxed into a fragmented MP4 as a recorder would; only what it shows is invented.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

import av
import cv2
import numpy as np
import numpy.typing as npt

RATE_HZ = 48_000
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof+delay_moov"}

QUICK = {
    "libx264": {"preset": "ultrafast", "threads": "1"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
}

Range = tuple[int, int]
Sound = npt.NDArray[np.float32]
Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Clip:
    """What to make: times in ms, `sounds` by track in order (48 kHz mono), pictures of noise that moves unless frozen."""

    duration_ms: int = 4000
    fps: int = 25
    size: tuple[int, int] = (320, 180)
    codec: str = "libx264"
    bitrate: int = 300_000
    black: Range | None = None
    frozen: Range | None = None
    no_frames: Range | None = None
    no_sound: Range | None = None
    marks: Sequence[int] = ()
    sounds: Sequence[Sound] = ()
    sound_codec: str = "aac"
    sound_starts_ms: int = 0
    paint: Callable[[int], Image] | None = None
    options: Mapping[str, str] = field(default_factory=dict)


def room_tone(duration_ms: int, level_db: float = -55.0, seed: int = 1) -> Sound:
    """Noise of a quiet room."""
    noise = np.random.default_rng(seed).normal(0.0, 1.0, duration_ms * RATE_HZ // 1000)
    return (noise * 10 ** (level_db / 20)).astype(np.float32)


def with_burst(sound: Sound, at_ms: int, duration_ms: int = 120, hertz: float = 1000.0, level_db: float = -20.0) -> Sound:
    """`sound` with a tone laid over it."""
    mixed = sound.copy()
    first, count = at_ms * RATE_HZ // 1000, duration_ms * RATE_HZ // 1000
    wave = np.sin(2 * np.pi * hertz * np.arange(count) / RATE_HZ) * (10 ** (level_db / 20) * np.sqrt(2))
    mixed[first : first + count] += wave.astype(np.float32)[: len(mixed[first : first + count])]
    return mixed


def silent(sound: Sound, from_ms: int, to_ms: int) -> Sound:
    """`sound` with digital silence in a range."""
    muted = sound.copy()
    muted[from_ms * RATE_HZ // 1000 : to_ms * RATE_HZ // 1000] = 0.0
    return muted


def make_clip(clip: Clip) -> bytes:
    """The clip as a playable fragmented MP4."""
    sink = io.BytesIO()
    with av.open(sink, "w", format="mp4", options=FRAGMENTED) as container:
        options = dict(clip.options or QUICK.get(clip.codec, {}))
        video = container.add_stream(clip.codec, rate=clip.fps, options=options)
        assert isinstance(video, av.VideoStream)
        video.width, video.height = clip.size
        video.pix_fmt, video.bit_rate = "yuv420p", clip.bitrate
        video.time_base = Fraction(1, 1000)
        video.codec_context.time_base = Fraction(1, 1000)
        streams = [container.add_stream(clip.sound_codec, rate=RATE_HZ, layout="mono") for _ in clip.sounds]
        for at_ms in range(0, clip.duration_ms, 1000):
            until = min(clip.duration_ms, at_ms + 1000)
            for frame in _frames(clip, at_ms, until):
                container.mux(video.encode(frame))
            for stream, sound in zip(streams, clip.sounds, strict=True):
                assert isinstance(stream, av.AudioStream)
                for heard in _sounds(clip, sound, at_ms, until):
                    container.mux(stream.encode(heard))
        container.mux(video.encode(None))
        for stream in streams:
            assert isinstance(stream, av.AudioStream)
            container.mux(stream.encode(None))
    return sink.getvalue()


def _within(range_ms: Range | None, at_ms: int) -> bool:
    return range_ms is not None and range_ms[0] <= at_ms < range_ms[1]


def _frames(clip: Clip, from_ms: int, to_ms: int) -> list[av.VideoFrame]:
    step = 1000 // clip.fps
    frames = []
    for at_ms in range(from_ms, to_ms, step):
        if _within(clip.no_frames, at_ms):
            continue
        frame = av.VideoFrame.from_ndarray(_image(clip, at_ms), format="bgr24")
        frame.pts, frame.time_base = at_ms, Fraction(1, 1000)
        frames.append(frame)
    return frames


def _image(clip: Clip, at_ms: int) -> Image:
    shown_ms = clip.frozen[0] if clip.frozen is not None and _within(clip.frozen, at_ms) else at_ms
    image = clip.paint(shown_ms).copy() if clip.paint else moving_picture(clip.size, shown_ms)
    if _within(clip.black, at_ms):
        image[:] = 0
    if any(mark <= at_ms < mark + 120 for mark in clip.marks):
        side = clip.size[1] // 8
        image[-side:, :side] = 255
    return image


def moving_picture(size: tuple[int, int], at_ms: int) -> Image:
    """A grey scene in which a face-sized disc sways and the light flickers as a real room's does."""
    width, height = size
    scene = _room(size).copy()
    sway = round(0.04 * width * np.sin(at_ms / 700.0))
    cv2.circle(scene, (width // 2 + sway, height // 2), height // 5, 180, -1)
    grainy = np.asarray(scene + _grain(size, at_ms // 40 % 8), dtype=np.uint8)
    return np.repeat(grainy[:, :, None], 3, axis=2)


@cache
def _room(size: tuple[int, int]) -> Image:
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    scene = 90.0 + 40.0 * np.sin(columns / size[0] * 6.0) + 20.0 * np.cos(rows / size[1] * 4.0)
    return np.asarray(scene, dtype=np.uint8)


@cache
def _grain(size: tuple[int, int], number: int) -> Image:
    """What a sensor adds, as small steps up from black."""
    return np.random.default_rng(number).normal(4.0, 2.0, (size[1], size[0])).clip(0, 12).astype(np.uint8)


def _sounds(clip: Clip, sound: Sound, from_ms: int, to_ms: int) -> list[av.AudioFrame]:
    frames = []
    for at_ms in range(from_ms, to_ms, 20):
        if _within(clip.no_sound, at_ms):
            continue
        samples = sound[at_ms * RATE_HZ // 1000 : min(to_ms, at_ms + 20) * RATE_HZ // 1000]
        if len(samples) == 0:
            continue
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = RATE_HZ, Fraction(1, RATE_HZ)
        frame.pts = (at_ms + clip.sound_starts_ms) * RATE_HZ // 1000
        frames.append(frame)
    return frames
