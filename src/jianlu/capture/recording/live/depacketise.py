"""Coded frames out of RTP packets in order: H.264 (RFC 6184), VP8 (RFC 7741) and Opus (RFC 7587).

After a loss a picture is torn until the next whole key frame: nothing of that stretch is given, because a decoder would show it as if it
had been so. H.264 frames come as length-prefixed NAL units, with parameter sets in every key frame.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from jianlu.capture.recording.live.tap_frames import Packet

_OPUS_TICKS_PER_MS = 48
_IDR, _SPS, _PPS, _AUD, _FILLER = 5, 7, 8, 9, 12
_STAP_A, _FU_A = 24, 28


@dataclass(frozen=True, slots=True)
class Frame:
    """One coded frame: RTP time, whether decoding can begin here, how long it lasts (ticks, 0 unknown), and its first arrival.

    A key frame of a picture says its size. `level` is that of its packet.
    """

    timestamp: int
    payload: bytes
    is_key: bool
    duration: int
    arrival_us: int
    level: int = 255
    size: tuple[int, int] = (0, 0)


class Depacketiser(Protocol):
    """Turns one stream's packets, pushed in order, into frames."""

    @property
    def awaits_key(self) -> bool:
        """Whether nothing can be given before the next key frame."""
        ...

    def push(self, packet: Packet) -> list[Frame]:
        """The frames that `packet` completes."""
        ...

    def lose(self) -> None:
        """Packets before the next one are lost."""
        ...


class OpusDepacketiser:
    """One packet is one frame; nothing depends on another."""

    awaits_key = False

    def __init__(self) -> None:
        self.is_stereo = False
        self.is_sealed = False

    def push(self, packet: Packet) -> list[Frame]:
        """The packet's frame, none for an empty packet; how long an encrypted one lasts is not known here."""
        if not packet.payload:
            return []
        self.is_stereo = self.is_stereo or bool(packet.payload[0] & 4)
        ticks = 0 if self.is_sealed else opus_ticks(packet.payload)
        frame = Frame(packet.timestamp, packet.payload, True, ticks, packet.arrival_us, packet.level)
        return [frame] if ticks or self.is_sealed else []

    def lose(self) -> None:
        """Nothing: frames do not hang together."""


def opus_ticks(payload: bytes) -> int:
    """How many ticks of 48 kHz an Opus packet lasts (RFC 6716, 3.1 and 3.2); 0 when it is malformed."""
    config, code = payload[0] >> 3, payload[0] & 3
    if config < 12:
        ticks = (480, 960, 1920, 2880)[config & 3]
    elif config < 16:
        ticks = (480, 960)[config & 1]
    else:
        ticks = (120, 240, 480, 960)[config & 3]
    count = (1, 2, 2, 0)[code] or (payload[1] & 63 if len(payload) > 1 else 0)
    return ticks * count if ticks * count <= 120 * _OPUS_TICKS_PER_MS else 0


class _Picture(ABC):
    """What H.264 and VP8 have in common: frames end with a marked packet, and hang together.

    Of a sender that never marks ends, frames end with a new time stamp. Of others a frame without its mark was cut off: Chromium, when a
    line is too slow, throws away the unsent rest of a frame before it sends a key frame, and numbers on as if nothing were missing.
    """

    def __init__(self) -> None:
        self.awaits_key = True
        self._marks_ends = False
        self._parts: list[bytes] = []
        self._timestamp: int | None = None
        self._arrival_us = 0
        self._is_torn = False
        self._after_loss = False

    def push(self, packet: Packet) -> list[Frame]:
        """The frames that `packet` completes: its own, and before it one whose sender marks no ends."""
        if not packet.payload:
            return []
        frames = self._finish(is_cut_off=self._marks_ends) if self._timestamp not in (None, packet.timestamp) else []
        self._marks_ends = self._marks_ends or packet.is_marked
        if self._timestamp is None:
            self._timestamp, self._arrival_us = packet.timestamp, packet.arrival_us
            # Behind a loss nobody knows whether this is where the frame begins, unless it says so itself.
            self._is_torn = self._after_loss and not self._begins(packet.payload)
            self._after_loss = False
        if not self._is_torn and not self._take(packet.payload):
            self._is_torn = True
        return frames + self._finish() if packet.is_marked else frames

    def lose(self) -> None:
        """The frame at hand is torn, and so is everything up to a key frame."""
        self.awaits_key = True
        self._forget()
        self._after_loss = True

    def _finish(self, *, is_cut_off: bool = False) -> list[Frame]:
        frame = None if self._is_torn or is_cut_off or not self._parts else self._frame(self._timestamp or 0, self._arrival_us)
        if frame is None:
            self.awaits_key = True
        elif frame.is_key:
            self.awaits_key = False
        self._forget()
        # A frame without content (parameter sets alone) is none, and breaks nothing.
        return [frame] if frame is not None and frame.payload and not self.awaits_key else []

    def _forget(self) -> None:
        self._parts, self._timestamp, self._is_torn = [], None, False

    @abstractmethod
    def _begins(self, payload: bytes) -> bool: ...

    @abstractmethod
    def _take(self, payload: bytes) -> bool: ...

    @abstractmethod
    def _frame(self, timestamp: int, arrival_us: int) -> Frame | None: ...


class Vp8Depacketiser(_Picture):
    """VP8: the partitions of a frame, one after the other, without their descriptors."""

    def _begins(self, payload: bytes) -> bool:
        return bool(payload[0] & 0x10) and not payload[0] & 7

    def _take(self, payload: bytes) -> bool:
        content = payload[_vp8_descriptor_bytes(payload) :]
        if not self._parts and not self._begins(payload):
            return False
        self._parts.append(content)
        return bool(content)

    def _frame(self, timestamp: int, arrival_us: int) -> Frame | None:
        frame = b"".join(self._parts)
        is_key = not frame[0] & 1
        if not is_key:
            return Frame(timestamp, frame, False, 0, arrival_us)
        if len(frame) < 10 or frame[3:6] != b"\x9d\x01\x2a":
            return None
        size = (int.from_bytes(frame[6:8], "little") & 0x3FFF, int.from_bytes(frame[8:10], "little") & 0x3FFF)
        return Frame(timestamp, frame, True, 0, arrival_us, size=size)


def _vp8_descriptor_bytes(payload: bytes) -> int:
    if not payload[0] & 0x80:
        return 1
    if len(payload) < 2:
        return len(payload)
    length = 2
    if payload[1] & 0x80:
        length += 2 if len(payload) > 2 and payload[2] & 0x80 else 1
    if payload[1] & 0x40:
        length += 1
    if payload[1] & 0x30:
        length += 1
    return length


class H264Depacketiser(_Picture):
    """H.264 in the non-interleaved mode; `sps` and `pps` are the newest parameter sets."""

    def __init__(self) -> None:
        super().__init__()
        self.sps = b""
        self.pps = b""
        self._fragment: list[bytes] | None = None

    def _begins(self, payload: bytes) -> bool:
        kind = payload[0] & 31
        if kind == _STAP_A:
            return len(payload) > 4 and self._begins(payload[3:])
        if kind == _FU_A:
            is_start = len(payload) > 2 and bool(payload[1] & 0x80)
            return is_start and payload[1] & 31 in (1, _IDR) and bool(payload[2] & 0x80)
        # A slice whose first macroblock is 0: ue(v) of 0 is a single 1 bit.
        return kind in (_SPS, _AUD) or (kind in (1, _IDR) and len(payload) > 1 and bool(payload[1] & 0x80))

    def _take(self, payload: bytes) -> bool:
        kind = payload[0] & 31
        if kind == _FU_A:
            return self._take_fragment(payload)
        if self._fragment is not None:
            return False
        if kind == _STAP_A:
            return self._take_aggregate(payload)
        if not 0 < kind < _STAP_A:
            return False
        self._parts.append(payload)
        return True

    def _take_aggregate(self, payload: bytes) -> bool:
        at = 1
        while at + 2 <= len(payload):
            length = int.from_bytes(payload[at : at + 2])
            if not 0 < length <= len(payload) - at - 2:
                return False
            self._parts.append(payload[at + 2 : at + 2 + length])
            at += 2 + length
        return at == len(payload)

    def _take_fragment(self, payload: bytes) -> bool:
        if len(payload) < 3:
            return False
        is_start, is_end = payload[1] & 0x80, payload[1] & 0x40
        if is_start:
            if self._fragment is not None:
                return False
            self._fragment = [bytes((payload[0] & 0xE0 | payload[1] & 31,))]
        if self._fragment is None:
            return False
        self._fragment.append(payload[2:])
        if is_end:
            self._parts.append(b"".join(self._fragment))
            self._fragment = None
        return True

    def _frame(self, timestamp: int, arrival_us: int) -> Frame | None:
        if self._fragment is not None:
            return None
        units = [unit for unit in self._parts if unit and unit[0] & 31 not in (_AUD, _FILLER)]
        kinds = [unit[0] & 31 for unit in units]
        for kind, unit in zip(kinds, units, strict=True):
            if kind == _SPS:
                self.sps = unit
            elif kind == _PPS:
                self.pps = unit
        is_key = _IDR in kinds
        if is_key and not (self.sps and self.pps):
            return None
        if is_key and _PPS not in kinds:
            units.insert(0, self.pps)
        if is_key and _SPS not in kinds:
            units.insert(0, self.sps)
        has_slices = any(kind in (1, _IDR) for kind in kinds)
        payload = b"".join(part for unit in units for part in (len(unit).to_bytes(4), unit)) if has_slices else b""
        return Frame(timestamp, payload, is_key, 0, arrival_us)

    def _forget(self) -> None:
        super()._forget()
        self._fragment = None


def depacketiser_for(codec: str) -> OpusDepacketiser | Vp8Depacketiser | H264Depacketiser:
    """A fresh depacketiser for `codec` (opus, vp8, h264)."""
    if codec == "opus":
        return OpusDepacketiser()
    return Vp8Depacketiser() if codec == "vp8" else H264Depacketiser()
