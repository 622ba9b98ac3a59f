"""What the media process has in its hands: the frames of its tap as they are forwarded, and what a decoder makes of them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from jianlu.capture.recording.live.depacketise import depacketiser_for
from jianlu.capture.recording.live.tap_frames import Packet
from tests.fakes.eventually import eventually
from tests.fakes.sfu.recorder_tap import TapListener, Tapped

PACKETS_WANTED = 150
Picture = NDArray[np.uint8]


def tapped_frames(path: Path, room: str, feed: str) -> tuple[list[bytes], list[bytes]]:
    """Pictures from a key frame on and sounds of a feed, exactly as the media process forwards them."""
    listener = TapListener(path, room)
    try:
        listener.say({"key_frame": feed})
        eventually(lambda: len(listener.of(feed, "video")) > PACKETS_WANTED, "pictures come by the tap", looks=600)
        sounds = [each.packet[12:] for each in listener.of(feed, "audio")]
        return _pictures(listener.of(feed, "video")), sounds
    finally:
        listener.close()


def decoded(frames: Sequence[bytes]) -> list[Picture]:
    """The pictures (grey, one byte a pixel) that a VP8 decoder makes of `frames`; what it refuses is left out."""
    decoder = av.CodecContext.create("vp8", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    found: list[Picture] = []
    for frame in frames:
        with contextlib.suppress(av.FFmpegError):
            found += [picture.to_ndarray(format="gray").astype(np.uint8) for picture in decoder.decode(av.Packet(frame))]
    return found


def likeness(one: Picture, other: Picture) -> float:
    """Correlation of two pictures: 1 for the same, about 0 for a picture and noise."""
    if one.shape != other.shape or not one.std() or not other.std():
        return 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def _pictures(packets: Sequence[Tapped]) -> list[bytes]:
    depacketiser = depacketiser_for("vp8")
    last: int | None = None
    found: list[bytes] = []
    for number, each in enumerate(packets):
        sequence = each.sequence
        if last is not None and sequence != (last + 1) & 0xFFFF:
            depacketiser.lose()
        last = sequence
        timestamp, is_marked = int.from_bytes(each.packet[4:8], "big"), bool(each.packet[1] & 0x80)
        packet = Packet(
            each.feed, 1, each.codec, each.level, each.arrival_us, each.ssrc, number, timestamp, is_marked, each.packet[12:]
        )
        found += [frame.payload for frame in depacketiser.push(packet)]
    return found
