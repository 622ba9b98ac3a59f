"""From packets to frames: order, loss, and the payload formats of H.264, VP8 and Opus."""

from __future__ import annotations

import random
import struct
from collections import Counter

import pytest

from jianlu.capture.recording.avc_setup import avc_setup, picture_size
from jianlu.capture.recording.live.depacketise import (
    Depacketiser,
    Frame,
    H264Depacketiser,
    OpusDepacketiser,
    Vp8Depacketiser,
    depacketiser_for,
    opus_ticks,
)
from jianlu.capture.recording.live.jitter import HELD_PACKETS_MAX, HOLD_MS, JitterBuffer, Lost
from jianlu.capture.recording.live.tap_frames import Packet
from jianlu.core.errors import InvalidError
from tests.fakes.live.coded import coded_picture, nal_units, payloads_of


def packet(seq: int, payload: bytes = b"x", *, timestamp: int = 0, is_marked: bool = True, at_us: int = 0) -> Packet:
    return Packet("agent", 1, "h264", 255, at_us, 7, seq & 0xFFFF, timestamp, is_marked, payload)


def seqs(ordered: list[Packet | Lost]) -> list[int | str]:
    return [f"lost {each.count}" if isinstance(each, Lost) else each.seq for each in ordered]


# --- order ----------------------------------------------------------------------------------------------------------


def test_packets_in_order_pass_at_once_across_the_wrap() -> None:
    jitter = JitterBuffer()
    assert [seqs(jitter.push(packet(seq))) for seq in range(65_533, 65_539)] == [[65_533], [65_534], [65_535], [0], [1], [2]]
    assert jitter.waiting_since_us is None


def test_reordered_packets_come_out_in_order_and_doubles_once() -> None:
    jitter = JitterBuffer()
    out = [seqs(jitter.push(packet(seq))) for seq in (10, 12, 11, 11, 14, 12, 13)]
    assert out == [[10], [], [11, 12], [], [], [], [13, 14]]
    assert jitter.duplicates == 2


def test_what_does_not_come_while_a_room_asks_for_it_again_is_lost() -> None:
    jitter = JitterBuffer()
    jitter.push(packet(1, at_us=0))
    assert jitter.push(packet(4, at_us=10_000)) == []
    assert jitter.waiting_since_us == 10_000
    assert jitter.expire(HOLD_MS * 1000) == []
    assert seqs(jitter.push(packet(2, at_us=HOLD_MS * 1000))) == [2]
    assert seqs(jitter.expire(HOLD_MS * 1000 + 10_001)) == ["lost 1", 4]
    assert jitter.push(packet(3, at_us=HOLD_MS * 1000 + 20_000)) == []


def test_a_sender_that_begins_anew_is_followed() -> None:
    jitter = JitterBuffer()
    jitter.push(packet(1))
    jitter.push(packet(3))
    assert seqs(jitter.push(packet(30_000))) == ["lost 1", 3, "lost 1", 30_000]
    assert seqs(jitter.push(packet(30_001))) == [30_001]


def test_a_hole_that_too_many_packets_wait_behind_is_given_up() -> None:
    jitter = JitterBuffer()
    jitter.push(packet(0))
    out = [each for seq in range(2, HELD_PACKETS_MAX + 3) for each in jitter.push(packet(seq))]
    assert seqs(out)[:2] == ["lost 1", 2]
    assert len(out) == HELD_PACKETS_MAX + 2


# --- frames ---------------------------------------------------------------------------------------------------------


def sent(codec: str, count: int = 60) -> list[Packet]:
    packets: list[Packet] = []
    for number, frame in enumerate(coded_picture(codec)[:count]):
        payloads = list(payloads_of(codec, frame.payload))
        for place, payload in enumerate(payloads):
            packets.append(packet(len(packets), payload, timestamp=number * 3_600, is_marked=place == len(payloads) - 1))
    return packets


def frames_of(depacketiser: Depacketiser, packets: list[Packet]) -> list[Frame]:
    return [frame for each in packets for frame in depacketiser.push(each)]


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_every_frame_comes_out_as_it_was_coded(codec: str) -> None:
    frames = frames_of(depacketiser_for(codec), sent(codec))
    coded = coded_picture(codec)[:60]
    assert [frame.is_key for frame in frames] == [frame.is_key for frame in coded]
    if codec == "vp8":
        assert [frame.payload for frame in frames] == [frame.payload for frame in coded]
        assert frames[0].size == (160, 120)
    else:
        expected = [[unit for unit in nal_units(frame.payload) if unit[0] & 31 != 6] for frame in coded]
        assert [split(frame.payload) for frame in frames] == expected


def split(payload: bytes) -> list[bytes]:
    units, at = [], 0
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 4])
        units.append(payload[at + 4 : at + 4 + size])
        at += 4 + size
    return units


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_after_any_loss_nothing_comes_before_a_whole_key_frame(codec: str) -> None:
    packets, chance = sent(codec), random.Random(3)
    whole = {frame.timestamp: frame.payload for frame in frames_of(depacketiser_for(codec), packets)}
    for _ in range(200):
        lost = set(chance.sample(range(len(packets)), chance.choice([1, 2, 5])))
        depacketiser, given, is_torn, was_lost = depacketiser_for(codec), [], False, False
        for place, each in enumerate(packets):
            if place in lost:
                is_torn = was_lost = True
                continue
            if was_lost:
                depacketiser.lose()
                was_lost = False
            for frame in depacketiser.push(each):
                assert frame.is_key or not is_torn
                is_torn = False
                given.append(frame)
        assert all(whole[frame.timestamp] == frame.payload for frame in given)


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_a_frame_whose_end_is_not_marked_ends_with_the_next(codec: str) -> None:
    packets = [each._replace(is_marked=False) for each in sent(codec, 10)]
    assert len(frames_of(depacketiser_for(codec), packets)) == 9


@pytest.mark.parametrize("codec", ["vp8", "h264"])
def test_a_frame_whose_sender_threw_its_end_away_is_not_given_and_the_key_frame_behind_it_is(codec: str) -> None:
    """As Chromium does before a key frame on a slow line: no number is missing, only the end of the frame with its mark."""
    packets = sent(codec)
    whole = frames_of(depacketiser_for(codec), packets)
    sizes = Counter(each.timestamp for each in packets)
    first, *_, last = (frame.timestamp for frame in whole if frame.is_key)
    cut = next(frame.timestamp for frame in whole if first < frame.timestamp < last and sizes[frame.timestamp] > 1)
    before = [each for each in packets if each.timestamp <= cut]
    assert before.pop().is_marked
    again = [each for each in packets if each.timestamp >= last]
    found = frames_of(depacketiser_for(codec), [each._replace(seq=no) for no, each in enumerate(before + again)])
    assert [frame.payload for frame in found] == [frame.payload for frame in whole if not cut <= frame.timestamp < last]


def test_parameter_sets_are_put_into_key_frames_that_lack_them() -> None:
    units = [unit for unit in nal_units(coded_picture("h264")[0].payload) if unit[0] & 31 != 6]
    sps, pps, *slices = units
    depacketiser = H264Depacketiser()
    assert depacketiser.awaits_key
    assert frames_of(depacketiser, [packet(1, sps, is_marked=False), packet(2, pps)]) == []
    frames = frames_of(depacketiser, [packet(3, slices[0], timestamp=9)])
    assert [split(frame.payload) for frame in frames] == [[sps, pps, slices[0]]]
    assert not depacketiser.awaits_key


@pytest.mark.parametrize(
    "payload",
    [b"\x18\x00", b"\x18\x00\x09ab", b"\x1c\x85", b"\x1c\x05ab", b"\x19abc", b"\x1f", b"\x00", b"\x18\x00\x00"],
)
def test_malformed_h264_gives_no_frame_and_no_error(payload: bytes) -> None:
    depacketiser = H264Depacketiser()
    frames_of(depacketiser, sent("h264", 2))
    assert frames_of(depacketiser, [packet(900, payload, timestamp=1)]) == []
    assert depacketiser.awaits_key


@pytest.mark.parametrize("payload", [b"\x80", b"\x80\xf0", b"\x90\x80\x80", b"\x10", b"\x10\x00\x00"])
def test_malformed_vp8_gives_no_frame_and_no_error(payload: bytes) -> None:
    assert frames_of(Vp8Depacketiser(), [packet(1, payload)]) == []


@pytest.mark.parametrize(
    ("payload", "ticks"),
    [
        (b"\x78", 960),  # one CELT frame of 20 ms
        (b"\x7b\x03", 2_880),
        (b"\x79", 1_920),
        (b"\x18", 2_880),  # SILK, 60 ms
        (b"\x68", 960),  # hybrid
        (b"\x80", 120),
        (b"\x1b\x03", 0),  # 180 ms are not allowed
        (b"\x7b", 0),
    ],
)
def test_the_length_of_a_sound_packet_is_read_from_its_first_byte(payload: bytes, ticks: int) -> None:
    assert opus_ticks(payload) == ticks
    assert len(OpusDepacketiser().push(packet(1, payload))) == bool(ticks)


# --- parameter sets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(160, 120), (1280, 720), (642, 358), (96, 64)])
def test_the_size_of_a_picture_is_read_from_its_parameter_set(size: tuple[int, int]) -> None:
    units = nal_units(coded_picture("h264", *size, 25, 25)[0].payload)
    sps = next(unit for unit in units if unit[0] & 31 == 7)
    pps = next(unit for unit in units if unit[0] & 31 == 8)
    assert picture_size(sps) == size
    setup = avc_setup(sps, pps)
    assert setup[:6] == bytes((1, *sps[1:4], 0xFF, 0xE1))
    assert struct.unpack_from(">H", setup, 6)[0] == len(sps)


@pytest.mark.parametrize("broken", [b"", b"g", b"gB\xc0\x1f", b"gB\xc0\x1f" + bytes(40)])
def test_a_broken_parameter_set_is_refused(broken: bytes) -> None:
    with pytest.raises(InvalidError):
        picture_size(broken)
    with pytest.raises(InvalidError):
        avc_setup(b"g", b"h")
