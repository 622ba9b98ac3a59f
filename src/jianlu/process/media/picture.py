"""A video track as small grey pictures on session time, each able to give its colours when a detector wants to look.

Every frame is decoded once and scaled once; colours are made only for the few frames that are asked for. Pictures stand
upright, whatever way the camera was held. What is in them is not asked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeAlias

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from jianlu.process.media.container import open_media, video_stream

LUMA_HEIGHT = 90
"""Rows of the grey picture: its cells and marks are measured in these."""

LUMA_WIDTH_MIN, LUMA_WIDTH_MAX = 40, 240
"""Columns: beyond 4:9 and 8:3 a picture is stretched or squeezed rather than made useless or costlier."""

LUMA_PLANES = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12"})
"""Formats whose first plane is 8-bit luma."""

_FULL_RANGE = np.clip((np.arange(256) - 16.0) * 255 / 219 + 0.5, 0, 255).astype(np.uint8)
"""Studio range (16 to 235) to 0 to 255."""

Luma: TypeAlias = npt.NDArray[np.uint8]
Colour: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded frame: shown from `at_ms`, by its own account until `until_ms`; grey, LUMA_HEIGHT rows (0 black, 255 white)."""

    at_ms: int
    until_ms: int
    luma: Luma
    _frame: av.VideoFrame = field(repr=False, compare=False)
    _scaler: VideoReformatter = field(repr=False, compare=False)

    def colour(self, side_min: int, side_max: int) -> Colour:
        """The picture as height x width x 3 (blue, green, red), its longer side scaled into [side_min, side_max] pixels."""
        longer = max(self._frame.width, self._frame.height)
        scale = min(max(longer, side_min), side_max) / longer
        width, height = (max(2, round(side * scale) // 2 * 2) for side in (self._frame.width, self._frame.height))
        scaled = self._scaler.reformat(
            self._frame, width=width, height=height, format="bgr24", interpolation=Interpolation.BILINEAR
        )
        return _upright(scaled.to_ndarray(), self._frame.rotation)


def pictures(reader: BinaryIO, stream_index: int) -> Iterator[Picture]:
    """The track's pictures in the order in which they are shown. Raises InvalidError for unreadable media."""
    with open_media(reader) as container:
        stream = video_stream(container, stream_index)
        grey, colours = VideoReformatter(), VideoReformatter()
        for packet in container.demux(stream):
            for frame in _shown(packet):
                yield _picture(frame, grey, colours)


def newest_picture(reader: BinaryIO, stream_index: int, *, keys_only: bool, since_ms: int = 0) -> Picture | None:
    """The last picture of the track, or the last that needs no other to be decoded; None where it is older than `since_ms`.

    Only what it needs is decoded: from the last key frame on, which for a live recording is up to ten seconds. Raises InvalidError for
    unreadable media.
    """
    with open_media(reader) as container:
        group: list[av.Packet[Any]] = []
        for packet in container.demux(video_stream(container, stream_index)):
            if packet.size and packet.is_keyframe:
                group = [packet]
            elif group and (not keys_only or not packet.size):
                group.append(packet)
        newest: av.VideoFrame | None = None
        for packet in group:
            newest = next(iter(_shown(packet)[-1:]), newest)
        if newest is None or newest.time is None or newest.time * 1000 < since_ms:
            return None
        return _picture(newest, VideoReformatter(), VideoReformatter())


def _shown(packet: av.Packet[Any]) -> list[av.VideoFrame]:
    """The pictures that decoding the packet gives; a damaged one is not shown, the one before it stays."""
    try:
        frames = packet.decode()
    except av.InvalidDataError:
        return []
    return [frame for frame in frames if isinstance(frame, av.VideoFrame) and frame.time is not None and frame.time >= 0]


def _picture(frame: av.VideoFrame, grey: VideoReformatter, colours: VideoReformatter) -> Picture:
    at_s = frame.time or 0.0
    lasts_s = float(frame.duration * frame.time_base) if frame.duration and frame.time_base else 0.0
    return Picture(round(at_s * 1000), round((at_s + lasts_s) * 1000), _luma(frame, grey), frame, colours)


def _luma(frame: av.VideoFrame, scaler: VideoReformatter) -> Luma:
    turned = frame.rotation % 180 == 90
    wide, high = (frame.height, frame.width) if turned else (frame.width, frame.height)
    across = min(LUMA_WIDTH_MAX, max(LUMA_WIDTH_MIN, round(LUMA_HEIGHT * wide / high)))
    size = (LUMA_HEIGHT, across) if turned else (across, LUMA_HEIGHT)
    return _upright(_shrunk(frame, size, scaler), frame.rotation)


def _shrunk(frame: av.VideoFrame, size: tuple[int, int], scaler: VideoReformatter) -> Luma:
    """Luma in full range, each pixel the mean of its area. The common formats are read in place, seven times quicker."""
    if frame.format.name in LUMA_PLANES:
        plane = frame.planes[0]
        luma = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(plane.height, plane.line_size)[:, : frame.width]
        small: Luma = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        is_full = frame.format.name.startswith("yuvj") or frame.color_range == ColorRange.JPEG
        return small if is_full else _FULL_RANGE[small]
    scaled = scaler.reformat(
        frame, width=size[0], height=size[1], format="gray", dst_color_range="JPEG", interpolation=Interpolation.AREA
    )
    return np.asarray(scaled.to_ndarray(), dtype=np.uint8)


def _upright(pixels: npt.NDArray[Any], rotation: int) -> npt.NDArray[np.uint8]:
    """Turned as the container's display matrix says (degrees, counter-clockwise)."""
    turns = round(rotation / 90) % 4
    return pixels if turns == 0 else np.ascontiguousarray(np.rot90(pixels, turns))
