"""Decoding for inspection: sound and pictures lie where the session's clock says, whatever the container does."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.process.media.picture import LUMA_HEIGHT, newest_picture, pictures
from jianlu.process.media.sound import BLOCK_SAMPLES, RATE_HZ, SoundBlock, Window, ms_of, sound_blocks
from tests.fakes.inspectors.clips import QUICK, Clip, make_clip, moving_picture, room_tone, silent, with_burst


def blocks_of(clip: Clip) -> list[SoundBlock]:
    return list(sound_blocks(io.BytesIO(make_clip(clip)), 0))


def loud_from_ms(blocks: list[SoundBlock]) -> int:
    samples = np.concatenate([block.samples for block in blocks])
    return ms_of(int(np.argmax(np.abs(samples) > 0.05)))


def missing_ms(blocks: list[SoundBlock]) -> int:
    return sum(ms_of(end) - ms_of(start) for block in blocks for start, end in block.missing)


@pytest.mark.parametrize("codec", ["aac", "libopus"])
def test_a_burst_is_heard_at_its_session_time(codec: str) -> None:
    blocks = blocks_of(Clip(sounds=(with_burst(room_tone(4000), 1500),), sound_codec=codec))
    assert abs(loud_from_ms(blocks) - 1500) <= 2


def test_a_track_that_starts_late_keeps_its_offset() -> None:
    blocks = blocks_of(Clip(sounds=(with_burst(room_tone(4000), 1500),), sound_starts_ms=300))
    assert abs(loud_from_ms(blocks) - 1800) <= 2
    assert 250 <= missing_ms(blocks) <= 300


def test_a_hole_in_the_sound_is_silence_and_is_named() -> None:
    blocks = blocks_of(Clip(sounds=(with_burst(room_tone(4000), 3000),), no_sound=(1000, 2000)))
    assert abs(loud_from_ms(blocks) - 3000) <= 2
    assert 900 <= missing_ms(blocks) <= 1000


def test_blocks_follow_each_other_without_gap() -> None:
    blocks = blocks_of(Clip(sounds=(room_tone(4000),)))
    assert [block.start for block in blocks] == [number * BLOCK_SAMPLES for number in range(len(blocks))]
    assert all(len(block.samples) == BLOCK_SAMPLES for block in blocks[:-1])
    assert abs(blocks[-1].end - 4 * RATE_HZ) <= RATE_HZ // 20


@pytest.mark.parametrize("codec", ["aac", "libopus"])
def test_a_window_holds_its_own_sound_alone_and_counts_from_its_beginning(codec: str) -> None:
    clip = make_clip(Clip(duration_ms=6000, sounds=(with_burst(with_burst(room_tone(6000), 500), 3500),), sound_codec=codec))
    blocks = list(sound_blocks(io.BytesIO(clip), 0, Window(2_000, 5_000)))
    assert abs(loud_from_ms(blocks) - 1_500) <= 2
    assert missing_ms(blocks) == 0 and abs(ms_of(blocks[-1].end) - 3_000) <= 25


@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_the_newest_picture_is_the_last_or_the_last_that_stands_by_itself(codec: str) -> None:
    clip = make_clip(Clip(codec=codec, duration_ms=2000))
    everything = [picture.at_ms for picture in pictures(io.BytesIO(clip), 0)]
    newest, alone = (newest_picture(io.BytesIO(clip), 0, keys_only=keys_only) for keys_only in (False, True))
    assert newest is not None and newest.at_ms == everything[-1]
    assert alone is not None and alone.at_ms in everything[:-1]
    assert newest_picture(io.BytesIO(clip), 0, keys_only=True, since_ms=alone.at_ms + 1) is None


def test_the_newest_picture_is_as_dark_as_it_was_on_the_screen() -> None:
    one_key_frame = {**QUICK["libx264"], "g": "250", "sc_threshold": "0"}
    clip = make_clip(Clip(duration_ms=2000, black=(1500, 2000), options=one_key_frame))
    newest, alone = (newest_picture(io.BytesIO(clip), 0, keys_only=keys_only) for keys_only in (False, True))
    assert newest is not None and newest.luma.mean() < 5
    assert alone is not None and alone.luma.mean() > 30


@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_every_picture_is_shown_at_its_session_time(codec: str) -> None:
    clip = make_clip(Clip(codec=codec, duration_ms=1000))
    assert [picture.at_ms for picture in pictures(io.BytesIO(clip), 0)] == list(range(0, 1000, 40))


def test_a_picture_is_grey_in_full_range() -> None:
    clip = make_clip(Clip(duration_ms=400, black=(0, 200), marks=(200,)))
    shown = list(pictures(io.BytesIO(clip), 0))
    assert shown[1].luma.shape == (LUMA_HEIGHT, 160)
    assert shown[1].luma.mean() < 3
    assert shown[6].luma[-8:-3, 3:8].mean() > 250


def test_colours_are_scaled_into_the_range_that_a_detector_wants() -> None:
    clip = make_clip(Clip(duration_ms=200))
    picture = next(iter(pictures(io.BytesIO(clip), 0)))
    assert picture.colour(480, 640).shape == (270, 480, 3)
    assert picture.colour(100, 160).shape == (90, 160, 3)
    expected = moving_picture((320, 180), 0)
    assert np.abs(picture.colour(320, 320).astype(int) - expected).mean() < 8


@pytest.mark.parametrize("content", [b"", b"no recording at all", bytes(5000)])
def test_what_is_no_recording_is_invalid(content: bytes) -> None:
    with pytest.raises(InvalidError):
        list(pictures(io.BytesIO(content), 0))
    with pytest.raises(InvalidError):
        list(sound_blocks(io.BytesIO(content), 0))


def test_a_track_that_is_not_there_is_invalid() -> None:
    clip = make_clip(Clip(duration_ms=400, sounds=(room_tone(400),)))
    with pytest.raises(InvalidError, match="no audio stream 1"):
        list(sound_blocks(io.BytesIO(clip), 1))
    with pytest.raises(InvalidError, match="no video stream 3"):
        list(pictures(io.BytesIO(clip), 3))


class BrokenSeal(io.BytesIO):
    """A reader that finds, half way, that evidence was altered."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 20_000:
            raise IntegrityError("a segment does not open")
        return super().read(size)


def test_evidence_that_does_not_open_is_no_media_fault() -> None:
    clip = make_clip(Clip(sounds=(room_tone(4000),)))
    assert len(clip) > 60_000
    with pytest.raises(IntegrityError):
        list(sound_blocks(BrokenSeal(clip), 0))


def test_damaged_packets_leave_a_hole_and_the_rest_in_place() -> None:
    clip = bytearray(make_clip(Clip(sounds=(with_burst(silent(room_tone(4000), 0, 100), 3500),), bitrate=50_000)))
    middle = len(clip) // 2
    clip[middle : middle + 2000] = bytes(2000)
    blocks = list(sound_blocks(io.BytesIO(bytes(clip)), 0))
    assert abs(loud_from_ms(blocks) - 3500) <= 40 or missing_ms(blocks) > 0


def test_no_file_is_written_for_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    list(pictures(io.BytesIO(make_clip(Clip(duration_ms=400))), 0))
    assert list(tmp_path.iterdir()) == []
