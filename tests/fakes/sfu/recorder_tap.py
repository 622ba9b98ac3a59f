"""A recorder that only listens: reads a tap and keeps what it said, by feed and medium."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path

_MEDIA = ("audio", "video")
_CODECS = {1: "opus", 2: "h264", 3: "vp8"}


@dataclass(frozen=True)
class Tapped:
    """One packet of the tap."""

    feed: str
    kind: str
    codec: str
    level: int
    arrival_us: int
    packet: bytes

    @property
    def ssrc(self) -> int:
        return int.from_bytes(self.packet[8:12], "big")

    @property
    def sequence(self) -> int:
        return int.from_bytes(self.packet[2:4], "big")


@dataclass
class TapListener:
    """Listens to `room` on the tap at `path` until closed."""

    path: Path
    room: str
    packets: list[Tapped] = field(default_factory=list)
    reports: list[tuple[str, str, int, int]] = field(default_factory=list)
    states: list[tuple[str, str]] = field(default_factory=list)
    has_ended: bool = False

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(self.path))
        self.say({"room": self.room, "recorder": "a"})
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def say(self, line: dict[str, str]) -> None:
        """Send a line to the tap."""
        self._socket.sendall(json.dumps(line).encode() + b"\n")

    def of(self, feed: str, kind: str) -> list[Tapped]:
        """The packets of one medium of one feed."""
        return [each for each in list(self.packets) if (each.feed, each.kind) == (feed, kind)]

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=10)
        self._socket.close()

    def _listen(self) -> None:
        stream = self._socket.makefile("rb")
        with contextlib.suppress(OSError):
            while len(head := stream.read(4)) == 4:
                self._take(stream.read(struct.unpack("!I", head)[0]))
        stream.close()
        self.has_ended = True

    def _take(self, frame: bytes) -> None:
        if frame[0] == 3:
            said = json.loads(frame[1:])
            self.states.append((said["feed"], said["state"]))
            return
        end = 2 + frame[1]
        feed, kind = frame[2:end].decode(), _MEDIA[frame[end]]
        if frame[0] == 1:
            _, codec, level, arrival_us = struct.unpack_from("!BBBQ", frame, end)
            self.packets.append(Tapped(feed, kind, _CODECS[codec], level, arrival_us, frame[end + 11 :]))
        elif frame[0] == 2:
            _, _, ntp, timestamp, _ = struct.unpack_from("!BQQII", frame, end)
            self.reports.append((feed, kind, ntp, timestamp))
