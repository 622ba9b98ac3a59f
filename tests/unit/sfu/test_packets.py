"""RTP and RTCP as bytes: what is written is read again, aiortc reads what we write, and damaged bytes are nothing."""

from __future__ import annotations

from fractions import Fraction

import av
import pytest
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSrPacket, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from jianlu.backends.sfu.embedded import rtcp
from jianlu.backends.sfu.embedded.congestion import ArrivalLog, read_feedback
from jianlu.backends.sfu.embedded.key_frames import KeyFrame, key_frame_at
from jianlu.backends.sfu.embedded.rtp import (
    ExtensionIds,
    plain_packet,
    read_packet,
    transport_cc_extension,
    unwrap_rtx,
    write_packet,
)

IDS = ExtensionIds(mid=4, rid=10, repaired_rid=11, level=1, transport_cc=3)


def test_a_packet_that_was_written_is_read_again() -> None:
    written = write_packet(
        108, is_marked=True, sequence=65_535, timestamp=7, ssrc=9, extension=transport_cc_extension(3, 500), payload=b"abc"
    )
    packet = read_packet(written, IDS, 42)
    assert packet is not None
    assert (packet.payload_type, packet.is_marked, packet.sequence, packet.timestamp, packet.ssrc) == (108, True, 65_535, 7, 9)
    assert (packet.payload, packet.transport_sequence, packet.arrival_us) == (b"abc", 500, 42)
    assert RtpPacket.parse(written).payload == b"abc"
    assert plain_packet(packet) == write_packet(
        108, is_marked=True, sequence=65_535, timestamp=7, ssrc=9, extension=b"", payload=b"abc"
    )


def test_extensions_padding_and_contributors_are_set_aside() -> None:
    extension = b"\x10\x8a" + b"\x40\x31" + b"\xa0h" + b"\x00\x00"
    head = bytes((0x80 | 0x20 | 0x10 | 1, 111)) + bytes(10) + b"\0\0\0\7"
    content = head + b"\xbe\xde" + (len(extension) // 4).to_bytes(2, "big") + extension + b"sound" + b"\0\0\3"
    packet = read_packet(content, IDS, 0)
    assert packet is not None
    assert (packet.level, packet.mid, packet.rid, packet.payload) == (10, "1", "h", b"sound")


@given(st.binary(max_size=80))
def test_any_bytes_are_a_packet_or_nothing(content: bytes) -> None:
    packet = read_packet(content, IDS, 0)
    assert packet is None or len(packet.payload) <= len(content)


def test_a_retransmission_becomes_the_packet_that_it_carries() -> None:
    packet = read_packet(
        write_packet(97, is_marked=False, sequence=1, timestamp=2, ssrc=3, extension=b"", payload=b"\x12\x34xyz"), IDS, 0
    )
    assert packet is not None
    assert unwrap_rtx(packet, 5, 96)
    assert (packet.sequence, packet.ssrc, packet.payload_type, packet.payload) == (0x1234, 5, 96, b"xyz")
    empty = read_packet(
        write_packet(97, is_marked=False, sequence=1, timestamp=2, ssrc=3, extension=b"", payload=b"\0\1"), IDS, 0
    )
    assert empty is not None
    assert not unwrap_rtx(empty, 5, 96)


def test_aiortc_reads_the_reports_that_we_write() -> None:
    block = rtcp.ReportBlock(7, 12, -3, 70_000, 5, 6, 8)
    compound = (
        rtcp.write_sender_report(1, 2 << 32, 3, 4, 5)
        + rtcp.write_receiver_report(1, [block])
        + rtcp.write_nack(1, 7, [10, 11, 26, 27, 28])
        + rtcp.write_pli(1, 7)
    )
    report, received, nack, pli = RtcpPacket.parse(compound)
    assert isinstance(report, RtcpSrPacket)
    assert (report.sender_info.ntp_timestamp, report.sender_info.rtp_timestamp) == (2 << 32, 3)
    assert isinstance(received, RtcpRrPacket)
    assert (received.reports[0].packets_lost, received.reports[0].highest_sequence) == (-3, 70_000)
    assert isinstance(nack, RtcpRtpfbPacket)
    assert nack.lost == [10, 11, 26, 27, 28]
    assert isinstance(pli, RtcpPsfbPacket)
    parts = list(rtcp.read_compound(compound))
    assert rtcp.read_sender_report(parts[0]) == rtcp.SenderReport(1, 2 << 32, 3)
    assert list(rtcp.read_blocks(parts[1])) == [block]
    assert rtcp.read_nacks(parts[2]) == (7, [10, 11, 26, 27, 28])
    assert rtcp.read_key_frame_requests(parts[3]) == [7]


@given(st.binary(max_size=200))
def test_any_bytes_are_reports_or_nothing(content: bytes) -> None:
    for part in rtcp.read_compound(content):
        rtcp.read_sender_report(part)
        list(rtcp.read_blocks(part))
        rtcp.read_nacks(part)
        rtcp.read_key_frame_requests(part)
        read_feedback(part.body)
        assert len(part.body) <= len(content)


@given(
    st.lists(st.sampled_from([0, 1, 1, 1, 1, 2, 9]), min_size=1, max_size=900), st.integers(0, 65_535), st.integers(0, 1 << 40)
)
def test_feedback_says_when_each_packet_arrived(steps: list[int], first: int, start_us: int) -> None:
    log, arrivals = ArrivalLog(), {}
    number, now_us = first, start_us
    for step in steps:
        now_us += step * 40_000 if step == 9 else step * 900
        arrivals[number & 0xFFFF] = now_us
        log.add(number & 0xFFFF, now_us)
        number += max(step, 1)
    told: dict[int, int] = {}
    for body in log.feedback(1, 2):
        assert len(body) % 4 == 0
        for sequence, arrival_us in read_feedback(body):
            told[sequence] = arrival_us
    wrap_us = (1 << 24) * 64_000
    for sequence, arrival_us in arrivals.items():
        assert (told[sequence] - arrival_us) % wrap_us in (*range(251), *range(wrap_us - 250, wrap_us))
    assert all(told[sequence] < 0 for sequence in told.keys() - arrivals.keys())


@pytest.mark.parametrize(
    ("codec", "payload", "expected"),
    [
        ("vp8", "10" + "100200" + "9d012a" + "0005d002", KeyFrame(1280, 720)),
        ("vp8", "908001" + "100200" + "9d012a" + "4001f000", KeyFrame(320, 240)),
        ("vp8", "00" + "100200" + "9d012a" + "0005d002", None),
        ("vp8", "10" + "110200", None),
        ("vp8", "", None),
        ("h264", "65888421", KeyFrame(0, 0)),
        ("h264", "7c85888421", KeyFrame(0, 0)),
        ("h264", "7c05888421", None),
        ("h264", "419a0203", None),
        ("h264", "7800", None),
    ],
)
def test_a_key_frame_is_found_where_one_begins(codec: str, payload: str, expected: KeyFrame | None) -> None:
    found = key_frame_at(codec, bytes.fromhex(payload))
    assert found == expected


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (322, 242)])
def test_the_size_of_a_picture_is_read_from_what_an_encoder_wrote(size: tuple[int, int]) -> None:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = *size, "yuv420p", Fraction(1, 25)
    encoder.options = {"profile": "baseline"}
    written = b"".join(bytes(each) for each in [*encoder.encode(av.VideoFrame(*size, "yuv420p")), *encoder.encode(None)])
    units = [unit.strip(b"\0") for unit in written.split(b"\0\0\1")]
    parameters = next(unit for unit in units if unit and unit[0] & 31 == 7)
    assert key_frame_at("h264", parameters) == KeyFrame(*size)
    packed = b"\x78" + len(parameters).to_bytes(2, "big") + parameters
    assert key_frame_at("h264", packed) == KeyFrame(*size)


@given(st.sampled_from(["h264", "vp8"]), st.binary(max_size=60))
def test_any_payload_is_a_key_frame_or_not(codec: str, payload: bytes) -> None:
    found = key_frame_at(codec, payload)
    assert found is None or (found.width >= 0 and found.height >= 0)
