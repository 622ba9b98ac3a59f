"""Makes the media file of a recipe: one video track and one audio track per role, encoded with PyAV, frame by frame.

Deterministic for one build of the codecs: no clock, no random seed, a fixed number of threads. Memory does not grow with the length.
Encoders are set for speed: the sample is for tests and demonstrations.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from jianlu.entry.sample.picture import HEIGHT, WIDTH, pictures
from jianlu.entry.sample.priority import restore_priority
from jianlu.entry.sample.recipe import AUDIO_ENCODERS, CONTAINER_FORMATS, ROLES, VIDEO_ENCODERS, Recipe
from jianlu.entry.sample.remux import remux
from jianlu.entry.sample.schedule import CLIP_EDGE_MS, FRAME_MS, Timeline, schedule
from jianlu.entry.sample.sound import PER_MS, RATE_HZ, Samples, Track

FRAMES_PER_S = 1_000 // FRAME_MS
KEY_FRAME_EVERY = 2 * FRAMES_PER_S
ENCODER_THREADS = {"libx264": 2}  # the others wait for each other by spinning, which a busy machine pays for
AUDIO_BITS_PER_S = 64_000
ENCODER_OPTIONS: dict[str, dict[str, str]] = {
    "libx264": {"preset": "ultrafast", "crf": "31"},
    "libx265": {"preset": "ultrafast", "crf": "30", "x265-params": "log-level=none:pools=none:frame-threads=1"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "crf": "24", "b": "600k"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "38", "b": "0", "row-mt": "1"},
    "libsvtav1": {"preset": "10", "crf": "42", "svtav1-params": "lp=2"},
}


def assemble(recipe: Recipe, path: Path) -> Timeline:
    """Writes the session to `path` and returns the truth about it; NotFoundError for an utterance without a clip.

    The container follows the recipe, not the file's name. Nothing is left behind under another name.
    """
    timeline = schedule(recipe)
    if not recipe.encoding.remuxed:
        encode(recipe, timeline, path)
        return timeline
    first = path.with_name(path.name + ".first")
    try:
        encode(recipe, timeline, first)
        remux(first, path, container=recipe.encoding.container)
    finally:
        first.unlink(missing_ok=True)
    return timeline


def encode(recipe: Recipe, timeline: Timeline, path: Path) -> None:
    tracks = [track_of(recipe, timeline, role, seed) for seed, role in enumerate(ROLES)]
    format_name = CONTAINER_FORMATS[recipe.encoding.container]
    with av.open(str(path), "w", format=format_name, container_options={"fflags": "+bitexact"}) as out:
        video = add_video(out, VIDEO_ENCODERS[recipe.encoding.video])
        audios = [add_audio(out, AUDIO_ENCODERS[recipe.encoding.audio], role) for role in ROLES]
        for index, picture in enumerate(pictures(recipe, timeline)):
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, FRAMES_PER_S)
            out.mux(video.encode(frame))
            for track, audio in zip(tracks, audios, strict=True):
                out.mux(audio.encode(audio_frame(track.block(FRAME_MS * PER_MS), index * FRAME_MS * PER_MS)))
        out.mux(video.encode(None))
        for audio in audios:
            out.mux(audio.encode(None))


def track_of(recipe: Recipe, timeline: Timeline, role: str, seed: int) -> Track:
    starts = [
        (line.from_ms - CLIP_EDGE_MS - recipe.audio_shift_ms, line.voice, line.id) for line in timeline.lines if line.role == role
    ]
    return Track(recipe, role, starts, timeline.marks_ms, seed)


def add_video(out: OutputContainer, encoder: str) -> VideoStream:
    stream = cast(VideoStream, out.add_stream(encoder, rate=FRAMES_PER_S, options=ENCODER_OPTIONS[encoder]))
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    stream.time_base = Fraction(1, FRAMES_PER_S)
    stream.gop_size = KEY_FRAME_EVERY
    stream.codec_context.thread_count = ENCODER_THREADS.get(encoder, 1)
    stream.codec_context.open()
    restore_priority()
    return stream


def add_audio(out: OutputContainer, encoder: str, role: str) -> AudioStream:
    stream = cast(AudioStream, out.add_stream(encoder, rate=RATE_HZ, layout="mono"))
    stream.bit_rate = AUDIO_BITS_PER_S
    stream.metadata.update(title=role, language="zho")
    return stream


def audio_frame(samples: Samples, first: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, first, Fraction(1, RATE_HZ)
    return frame
