"""Doors of a live session and of media: datagrams, offers, taps, encrypted frames, what a recorder kept, containers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jianlu.backends.events.ledger_socket import LedgerSocket, ledger_server
from jianlu.backends.sfu.embedded.congestion import read_feedback
from jianlu.backends.sfu.embedded.key_frames import key_frame_at
from jianlu.backends.sfu.embedded.rtcp import (
    SenderReport,
    read_blocks,
    read_compound,
    read_key_frame_requests,
    read_nacks,
    read_sender_report,
    write_bye,
    write_nack,
    write_pli,
    write_sender_report,
)
from jianlu.backends.sfu.embedded.rtp import ExtensionIds, read_packet, unwrap_rtx
from jianlu.backends.sfu.embedded.sdp import read_fragment, read_offer
from jianlu.capture.recording.avc_setup import picture_size
from jianlu.capture.recording.live.depacketise import H264Depacketiser, OpusDepacketiser, Vp8Depacketiser
from jianlu.capture.recording.live.entries import entry_from
from jianlu.capture.recording.live.sframe import FrameOpener, SFrameKey, parse_header
from jianlu.capture.recording.live.state import state_from
from jianlu.capture.recording.live.tap_frames import FrameReader, Packet
from jianlu.capture.recording.read_fragments import read_samples
from jianlu.capture.sessions import owing
from jianlu.capture.uploads._opening import read_layout
from jianlu.core.errors import IntegrityError, InvalidError, JianluError
from jianlu.deliver.playback.extract import extract_init, extract_segment
from jianlu.deliver.playback.fragments import begins_with_key_frame, first_fragment_bytes, samples_of
from jianlu.deliver.playback.streams import streams_of
from jianlu.deliver.playback.webm import webm_init, webm_segment
from jianlu.runtime.rpc import BlockingRpcClient, RpcServer
from tests.fakes.capture.make_media import Clip, make_media
from tests.property.parsers.doors_formats import text_of
from tests.property.parsers.law import Door
from tests.property.parsers.vectors import Material
from tests.unit.capture.live.test_sframe import BASE_KEY, CIPHERTEXTS, METADATA
from tests.unit.sfu.offers import OFFER

_SPS = bytes.fromhex("67640028acd940780227e5c044000003000400000300c83c60c658")
_VP8_KEY = b"\x10\x10\x02\x00\x9d\x01\x2a\xa0\x00\x78\x00" + bytes(20)
_STATE = {
    "v": 1,
    "tracks": [["agent", "f", "audio"]],
    "zero_us": 5,
    "zero_wall_ms": 6,
    "boot": "b",
    "is_paused": False,
    "end_us": None,
    "keys": [[1, "ab"]],
    "formats": {
        "agent": {"codec": "opus", "setup": "00", "timescale": 48_000, "kind": "audio", "shape": [48_000, 2], "inband": False}
    },
}


def doors(material: Material) -> Iterator[Door]:
    """Every door of these."""
    yield from _network()
    yield from _frames()
    yield from _kept()
    yield from _processes(material.folder)
    yield from _containers(material)


def _network() -> Iterator[Door]:
    rtp = struct.pack("!BBHII", 0x90, 0xE0, 7, 90_000, 1_001) + b"\xbe\xde\x00\x02\x10\xff\x31\x00\x07\x40a\x00" + b"payload"
    yield Door("rtp", _datagram, (rtp, rtp[:12] + b"short"), refusals=())
    compound = write_sender_report(1, 2 << 32, 3, 4, 5) + write_nack(1, 2, [5, 6, 7, 40]) + write_pli(1, 2) + write_bye([1])
    feedback = bytes.fromhex("8fcd000700000001000000020001000400000100600414081020000000000000")
    yield Door("rtcp", _compound, (compound, feedback), refusals=())
    yield Door("transport-feedback", read_feedback, (feedback[4:],), refusals=())
    yield Door("sdp-offer", lambda content: read_offer(text_of(content)), (OFFER.encode(),), refusals=(InvalidError,))
    fragment = (
        b"a=ice-ufrag:abcd\r\na=ice-pwd:"
        + b"p" * 24
        + b"\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.7 5000 typ host\r\n"
    )
    yield Door("ice-fragment", lambda content: read_fragment(text_of(content)), (fragment,), refusals=(InvalidError,))


def _datagram(content: bytes) -> Any:
    packet = read_packet(content, ExtensionIds(mid=4, rid=5, repaired_rid=6, level=1, transport_cc=3), 0)
    if packet is not None:
        for codec in ("h264", "vp8"):
            key_frame_at(codec, packet.payload)
        unwrap_rtx(packet, 5, 96)
    return packet


def _compound(content: bytes) -> list[Any]:
    """Whatever a peer sends is read as far as it reads; it is never an error."""
    found: list[SenderReport | Any] = []
    for part in read_compound(content):
        found += [
            read_sender_report(part),
            *read_blocks(part),
            read_nacks(part),
            read_key_frame_requests(part),
            read_feedback(part.body),
        ]
    return found


def _frames() -> Iterator[Door]:
    packet = struct.pack(">BBBQBBHII", 1, 3, 255, 1_000, 0x90, 0xE0, 7, 90_000, 1_001) + bytes(4) + b"\xbe\xde\x00\x00payload"
    said = [
        b"\x01\x04feed" + packet,
        b"\x02\x04feed" + struct.pack(">BQQII", 0, 5, 6, 7, 8),
        b'\x03{"feed":"f","state":"closed","at_us":1,"reason":""}',
    ]
    stream = b"".join(len(each).to_bytes(4, "big") + each for each in said)
    yield Door("tap", lambda content: FrameReader().push(content), (stream, *(len(s).to_bytes(4, "big") + s for s in said)))
    yield Door("sframe", _frame_of, (bytes.fromhex(CIPHERTEXTS[4]), b"\x9f" + bytes(60)))
    for name, made, samples in (
        (
            "h264",
            H264Depacketiser,
            (
                b"\x78\x00\x1b" + _SPS + b"\x00\x04\x68\xee\x3c\x80\x00\x05\x65\x88\x80\x10\x00",
                b"\x7c\x85\x88\x80\x10",
                b"\x65\x88\x80",
            ),
        ),
        ("vp8", Vp8Depacketiser, (_VP8_KEY, b"\x90\x80\x01" + _VP8_KEY[1:], b"\x10\x31\x00")),
        ("opus", OpusDepacketiser, (b"\xfc\xff\xfe", b"\x78\x01")),
    ):
        yield Door(
            f"depacketise-{name}",
            _depacketised(made),
            tuple(b"".join(len(s).to_bytes(2, "big") + s for s in (each, *samples)) for each in samples),
            refusals=(),
        )
    yield Door("parameter-set", picture_size, (_SPS,), refusals=(InvalidError,))


def _frame_of(content: bytes) -> Any:
    """By the base key of RFC 9605's vectors, as one frame and as the first of a stream."""
    parse_header(content)
    with contextlib.suppress(IntegrityError):
        FrameOpener([BASE_KEY]).open("vp8", content)
    return SFrameKey(BASE_KEY, 0x123).decrypt(content, METADATA)


def _depacketised(made: Callable[[], Any]) -> Callable[[bytes], Any]:
    """A stream's packets, each behind its length; every other one ends a frame."""

    def open_all(content: bytes) -> Any:
        reader, found, at, number = made(), [], 0, 0
        while at + 2 <= len(content):
            length = int.from_bytes(content[at : at + 2], "big")
            payload = content[at + 2 : at + 2 + length]
            found += reader.push(Packet("f", 1, "x", 255, 0, 1, number, number // 2 * 3_000, number % 2 == 1, payload))
            at, number = at + 2 + length, number + 1
            if number % 5 == 0:
                reader.lose()
        return found

    return open_all


def _kept() -> Iterator[Door]:
    fields = {"type": "session:segment:sealed", "body": {"no": 1}, "object": "seg-000001", "part": "", "commits": {}}
    head = json.dumps(fields, separators=(",", ":")).encode()
    yield Door("spool-entry", entry_from, (len(head).to_bytes(4, "big") + head + b"media",))
    yield Door(
        "recording-state",
        lambda content: state_from(text_of(content)),
        (json.dumps(_STATE).encode(),),
        refusals=(IntegrityError,),
    )
    owed = b'{"caaa": [["session:health:alarmed", {"code": "x", "track": "agent", "at_ms": 5}]]}'
    yield Door("owed-alarms", owing._parsed, (owed,), refusals=())


class _Entries:
    """An event log that takes everything; what matters is what comes in."""

    size = 3

    def append(self, entry: bytes) -> int:
        return len(entry)

    def read(self, start: int, count: int) -> list[bytes]:
        if start < 0 or count < 0:
            raise InvalidError("entries are counted from 0")
        return [b"a", b"b", b"c"][start : start + count]

    def require_open(self) -> None:
        """It is."""


def _framed(header: bytes, blob: bytes = b"") -> bytes:
    return len(header).to_bytes(4, "big") + header + len(blob).to_bytes(4, "big") + blob


def _processes(folder: Path) -> Iterator[Door]:
    calls = (
        b'{"method":"append","fields":{}}',
        b'{"method":"read","fields":{"start":0,"count":2}}',
        b'{"method":"size","fields":{}}',
    )
    server = ledger_server(folder / "never.sock", _Entries(), lambda: None)
    frames = (*(_framed(each, b"entry") for each in calls), _framed(calls[1]) * 2)
    yield Door("ledger-socket-call", lambda content: _served(server, content), frames, refusals=())
    answers = (_framed(b'{"fields":{"count":1}}', b"\x00\x01a"), _framed(b'{"error":"ConflictError","message":"x"}'))
    families = (JianluError,)
    yield Door("ledger-socket-answer", lambda content: _answered(folder, content), answers, refusals=families)
    yield Door("rpc-answer", _called, answers, refusals=families)


_loop = asyncio.new_event_loop()


def _served(server: RpcServer, content: bytes) -> bytes:
    """What the server says on a connection on which `content` came, until it closes it; its task must end by itself and cleanly."""

    async def talk() -> bytes:
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=theirs)
        ours.setblocking(False)
        sent = asyncio.ensure_future(_send(ours, content))
        await server._serve(reader, writer)
        with contextlib.suppress(OSError):
            await sent
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        said = b""
        with contextlib.suppress(BlockingIOError, OSError):
            while part := ours.recv(1 << 16):
                said += part
        ours.close()
        return said

    return _loop.run_until_complete(talk())


async def _send(ours: socket.socket, content: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(ours, content)
    ours.shutdown(socket.SHUT_WR)


class _Deaf(socket.socket):
    """A socket whose peer said something already and hears nothing."""

    def sendall(self, *_: Any) -> None:
        return


def _peer(content: bytes) -> _Deaf:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with contextlib.suppress(OSError):
        ours.send(content)
    ours.close()
    heard = _Deaf(theirs.family, theirs.type, theirs.proto, theirs.detach())
    heard.settimeout(5)
    return heard


def _called(content: bytes) -> Any:
    client = BlockingRpcClient(Path("nowhere.sock"))
    client._connected = lambda timeout_s: _peer(content)  # type: ignore[method-assign]
    try:
        return client.call("m", {})
    finally:
        client.close()


def _answered(folder: Path, content: bytes) -> Any:
    log = LedgerSocket(folder / "never.sock")
    log._client._connected = lambda timeout_s: _peer(content)  # type: ignore[method-assign]
    try:
        return log.read(0, 1)
    finally:
        log.close()


def _containers(material: Material) -> Iterator[Door]:
    folder = material.folder
    clips = [make_media(folder / name, Clip(seconds=1)).read_bytes() for name in ("clip.mp4", "clip.mkv")]
    upload = folder / "upload.bin"

    def layout(content: bytes) -> Any:
        upload.write_bytes(content)
        return read_layout(upload)

    tails = tuple(clip[:2048] + clip[-6_000:] for clip in clips)
    yield Door("upload-layout", layout, (*clips, *tails))
    for whole in material.entry("media/"):
        start = whole.index(b"moof") - 4
        yield Door("own-init", _init_of, (whole[:start],))
        yield Door("own-segment", _segment_of, (whole[start : start + 30_000],))


def _init_of(content: bytes) -> Any:
    streams = streams_of(content)
    extract_init(content, {1})
    return webm_init(streams) if all(stream.entry in ("vp08", "Opus") for stream in streams) else streams


def _segment_of(content: bytes) -> Any:
    begins_with_key_frame(content[:4096], 1)
    first_fragment_bytes(content[:64])
    found: list[Any] = []
    for read in (read_samples, lambda c: samples_of(c, 1), lambda c: extract_segment(c, {1}), lambda c: webm_segment(c, ())):
        try:
            found.append(read(content))
        except InvalidError:
            continue
    if len(found) < 4:
        raise InvalidError("no segment of ours")
    return found
