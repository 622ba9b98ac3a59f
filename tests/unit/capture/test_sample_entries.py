"""How codecs are named and set up in the init segment, and how a track's numbers are kept within the format."""

from __future__ import annotations

import pytest

from jianlu.capture.recording.fragment import Run, fragment
from jianlu.capture.recording.model import AudioShape, Colour, Sample, TrackFormat, VideoShape
from jianlu.capture.recording.movie import init_segment
from jianlu.capture.recording.sample_entries import CODECS, sample_entry
from jianlu.capture.recording.vpx_setup import vp8_setup, vp9_setup
from jianlu.core.errors import InvalidError
from tests.fakes.capture.recordings import AGENT, AVC_SETUP, SCREEN, record, shown_in

HVC_HEAD = bytes.fromhex("0101600000009000000000005df000fcfdf8f800000f")
SETS = b"".join(bytes((kind, 0, 1, 0, 2, 0x40, 1)) for kind in (32, 33, 34))
OPUS_HEAD = b"OpusHead" + bytes((1, 2)) + b"\x38\x01\x80\xbb\x00\x00\x00\x00\x00"


def video(codec: str, setup: bytes) -> bytes:
    return sample_entry(TrackFormat("picture", codec, setup, 1000, VideoShape(160, 120)))


def test_h264_and_h265_without_parameter_sets_say_that_they_come_with_the_frames() -> None:
    assert video("h264", AVC_SETUP)[4:8] == b"avc1"
    assert video("h264", bytes.fromhex("0164000bffe000"))[4:8] == b"avc3"
    assert video("hevc", HVC_HEAD + b"\x03" + SETS)[4:8] == b"hvc1"
    assert video("hevc", HVC_HEAD + b"\x00")[4:8] == b"hev1"


@pytest.mark.parametrize("codec", sorted(CODECS - {"vp8", "vp9"}))
def test_a_setup_record_of_another_codec_is_refused(codec: str) -> None:
    is_sound = codec in ("aac", "opus")
    for setup in (b"", b"\x00", b"\x00\x00\x00\x01gMdst"[: 1 if codec == "aac" else 9]):
        with pytest.raises(InvalidError):
            sample_entry(TrackFormat("x", codec, setup, 1000, AudioShape(48000, 1) if is_sound else VideoShape(160, 120)))


def test_an_opus_header_is_turned_into_network_order() -> None:
    entry = sample_entry(TrackFormat("agent", "opus", OPUS_HEAD, 48000, AudioShape(48000, 2)))
    assert entry[entry.index(b"dOps") + 4 :] == bytes.fromhex("000201380000bb80000000")


def test_colour_pixel_shape_and_size_are_told_to_the_player() -> None:
    shape = VideoShape(720, 576, (16, 15), Colour(9, 16, 9, is_full_range=True))
    entry = sample_entry(TrackFormat("picture", "vp8", vp8_setup(None), 1000, shape))
    assert entry[entry.index(b"colr") + 4 :][:11] == b"nclx\x00\x09\x00\x10\x00\x09\x80"
    assert entry[entry.index(b"pasp") + 4 :] == b"\x00\x00\x00\x10\x00\x00\x00\x0f"
    init = init_segment([TrackFormat("picture", "vp8", vp8_setup(None), 1000, shape)], [0])
    at = init.index(b"tkhd") + 80
    assert (int.from_bytes(init[at : at + 4]) >> 16, int.from_bytes(init[at + 4 : at + 8]) >> 16) == (768, 576)


def test_a_vp9_record_is_read_from_the_first_key_frame() -> None:
    plain = bytes.fromhex("824983420009f0077602380000")  # profile 0, 8 bits, 4:2:0
    assert vp9_setup(plain, width=160, height=120, frames_per_s=25, colour=None)[:3] == bytes((0, 10, 8 << 4 | 1 << 1))
    assert vp9_setup(plain, width=1920, height=1080, frames_per_s=30, colour=None)[1] == 40
    assert vp9_setup(plain, width=16_384, height=16_384, frames_per_s=60, colour=None)[1] == 62
    for damaged in (b"", b"\x86" + plain[1:], plain[:2] + b"\x00" + plain[3:], plain[:3]):
        with pytest.raises(InvalidError):
            vp9_setup(damaged, width=160, height=120, frames_per_s=25, colour=None)


def test_frames_that_last_longer_than_the_format_can_say_are_refused() -> None:
    with pytest.raises(InvalidError, match="lasts longer"):
        fragment(1, [Run(1, 0, [Sample(0, 1, True, b"x")], 1 << 33)])


def test_endless_tiny_frames_at_one_moment_are_refused() -> None:
    with pytest.raises(InvalidError, match="too far apart"):
        record([SCREEN, AGENT], ((0, Sample(0, 0, True, b"")) for _ in range(1_000_000)))


def test_frames_of_the_same_moment_keep_their_order() -> None:
    samples = [(0, Sample(at, 40, True, bytes((number,)))) for number, at in enumerate([0, 40, 40, 80, 80, 80, 120])]
    recorded = record([SCREEN], samples)
    assert b"".join(shown.payload for shown in shown_in(recorded.segments[0].plaintext)[1]) == bytes(range(7))
