"""Opening the playable MP4 of a session for decoding: the one place that turns the media library's errors into ours.

The bytes come through a seekable reader that the caller gives (sealed objects, opened by range), so no plaintext touches a
disk. An error that the reader raises passes unchanged: a segment that does not open is not a media fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from jianlu.core.errors import InvalidError

DECODER_THREADS = 2
"""Threads of one decoder: more do not help small pictures, and the tracks are decoded beside each other."""


@contextmanager
def open_media(reader: BinaryIO) -> Iterator[InputContainer]:
    """The container read from `reader`, closed afterwards; raises InvalidError when it is no readable MP4."""
    try:
        with av.open(reader, mode="r", format="mp4") as container:
            yield container
    except av.FFmpegError as error:
        raise InvalidError("the recording cannot be decoded: check that it is a playable MP4") from error


def video_stream(container: InputContainer, index: int) -> VideoStream:
    """The video stream number `index`, set to decode with a bounded number of threads; raises InvalidError when there is none."""
    if not 0 <= index < len(container.streams.video):
        raise InvalidError(f"the recording has no video stream {index}: correct the plan's tracks")
    stream = container.streams.video[index]
    stream.codec_context.thread_type = "AUTO"
    stream.codec_context.thread_count = DECODER_THREADS
    return stream


def audio_stream(container: InputContainer, index: int) -> AudioStream:
    """The audio stream number `index`; raises InvalidError when there is none."""
    if not 0 <= index < len(container.streams.audio):
        raise InvalidError(f"the recording has no audio stream {index}: correct the plan's tracks")
    return container.streams.audio[index]
