"""Coded media for live tests: real H.264, VP8 and Opus frames made once by the real encoders, and their RTP packets.

The picture moves and the sound is a tone that stops for a while, so that a decoder's output can be looked at and listened to.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np

MTU = 1_100


@dataclass(frozen=True)
class CodedFrame:
    """One coded frame at `at_ms` of a loop of `LOOP_MS`."""

    at_ms: int
    is_key: bool
    payload: bytes


LOOP_MS = 4_000


@functools.cache
def coded_picture(codec: str, width: int = 160, height: int = 120, fps: int = 25, key_every: int = 25) -> tuple[CodedFrame, ...]:
    """A loop of pictures; H.264 in Annex B with parameter sets at every key frame, without reordered frames."""
    name = {"h264": "libx264", "vp8": "libvpx"}[codec]
    context = av.CodecContext.create(name, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, fps), Fraction(fps)
    context.gop_size = key_every
    if codec == "h264":
        context.options = {
            "preset": "veryfast",
            "tune": "zerolatency",
            "profile": "baseline",
            "x264-params": "repeat-headers=1:scenecut=0",
        }
    else:
        context.options = {"deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "0", "lag-in-frames": "0"}
    frames = []
    for number in range(LOOP_MS * fps // 1000):
        packets = context.encode(_picture(number, width, height, fps))
        frames += [CodedFrame(number * 1000 // fps, bool(packet.is_keyframe), bytes(packet)) for packet in packets]
    return tuple(frames)


@functools.cache
def coded_sound() -> tuple[CodedFrame, ...]:
    """A loop of Opus frames of 20 ms: two seconds of tone, two of near silence."""
    context = av.CodecContext.create("libopus", "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout, context.format = 48_000, "mono", "flt"
    context.options = {"frame_duration": "20", "application": "voip"}
    packets: list[bytes] = []
    for number in range(LOOP_MS // 20 + 2):
        ticks = np.arange(number * 960, (number + 1) * 960)
        loudness = 0.3 if number < LOOP_MS // 40 else 0.0005
        wave = np.sin(ticks * 2 * np.pi * 440 / 48_000) * loudness
        frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None, :], format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, number * 960, Fraction(1, 48_000)
        packets += [bytes(packet) for packet in context.encode(frame)]
    return tuple(CodedFrame(number * 20, True, payload) for number, payload in enumerate(packets[: LOOP_MS // 20]))


def _picture(number: int, width: int, height: int, fps: int) -> Any:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, :, 0] = (np.arange(width)[None, :] * 2 + number * 3) % 256
    noise = np.random.default_rng(number).integers(0, 60, (height // 4, width // 4), dtype=np.uint8)
    pixels[: height // 4, : width // 4, 1] = noise
    left = number * 2 % (width - 20)
    pixels[10:30, left : left + 20] = 255
    frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
    frame.pts, frame.time_base = number, Fraction(1, fps)
    return frame


def payloads_of(codec: str, frame: bytes) -> Iterator[bytes]:
    """The RTP payloads of one coded frame, as a browser sends them."""
    if codec == "opus":
        yield frame
    elif codec == "vp8":
        yield from _vp8_payloads(frame)
    else:
        yield from _h264_payloads(frame)


def _vp8_payloads(frame: bytes) -> Iterator[bytes]:
    for at in range(0, len(frame), MTU):
        # X, picture id of 15 bits: the form that browsers use
        yield bytes((0x80 | (0x10 if at == 0 else 0), 0x80, 0x80, 0x01)) + frame[at : at + MTU]


def nal_units(annex_b: bytes) -> list[bytes]:
    """The NAL units between start codes."""
    found, at = [], annex_b.find(b"\0\0\1")
    while at >= 0:
        after = annex_b.find(b"\0\0\1", at + 3)
        found.append(annex_b[at + 3 : after if after >= 0 else len(annex_b)].rstrip(b"\0"))
        at = after
    return found


def _h264_payloads(frame: bytes) -> Iterator[bytes]:
    units = [unit for unit in nal_units(frame) if unit[0] & 31 != 6]
    headers = [unit for unit in units if unit[0] & 31 in (7, 8)]
    if headers:
        yield bytes((24 | headers[0][0] & 0x60,)) + b"".join(struct.pack(">H", len(unit)) + unit for unit in headers)
    for unit in units:
        if unit[0] & 31 in (7, 8):
            continue
        if len(unit) <= MTU:
            yield unit
            continue
        for at in range(1, len(unit), MTU):
            flags = (0x80 if at == 1 else 0) | (0x40 if at + MTU >= len(unit) else 0)
            yield bytes((unit[0] & 0xE0 | 28, flags | unit[0] & 31)) + unit[at : at + MTU]
