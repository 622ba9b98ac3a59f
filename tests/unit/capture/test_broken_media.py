"""Files that are not what they should be: a clear error with the next step, and nothing half-kept."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import pytest

from jianlu.capture import CapturePorts, TrackRole, capture_file
from jianlu.core.errors import InvalidError
from jianlu.core.terms.events import EventType
from tests.fakes.capture.make_media import Clip, boxes_of, make_media
from tests.fakes.capture.memory_log import MemoryLog

ROLES = [TrackRole(0, "agent"), TrackRole(1, "customer")]


def refused(path: Path, roles: list[TrackRole] | None = None) -> str:
    """The message of the refusal; proves that nothing was kept."""
    log = MemoryLog()
    with pytest.raises(InvalidError) as caught:
        capture_file(path, tracks=ROLES if roles is None else roles, using=CapturePorts(log))
    assert log.is_shredded or log.events == ()
    if log.events:
        assert log.events[-1].type is EventType.RECORDING_ABANDONED
        assert dict(log.events[-1].body) == {"reason": "invalid_source"}
    return str(caught.value)


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "broken.bin"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\x00", "no MP4"),
        (b"These are the minutes of the meeting.\n" * 100, "no MP4"),
        (b"RIFF\x00\x10\x00\x00AVI LIST", "no MP4"),
        (b"#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n", "no MP4"),
        (b"\x1a\x45\xdf\xa3", "ends in the middle"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41", "no index"),
        (b"\x00\x00\x00\x08mdat", "no index"),
        (b"\x00\x00\x00\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff", "ends in the middle"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + b"\x00\x00\x00\x04moov", "do not fit"),
    ],
)
def test_what_is_no_recording_is_refused_with_its_reason(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in refused(written(tmp_path, content))


def test_an_mp4_cut_anywhere_is_refused(sale_mp4: Path, tmp_path: Path) -> None:
    whole = sale_mp4.read_bytes()
    for share in (1, 10, 300, 500, 700, 900, 990, 999):
        refused(written(tmp_path, whole[: len(whole) * share // 1000]))


def test_an_mp4_with_its_index_first_and_its_media_cut_is_refused(tmp_path: Path) -> None:
    source = make_media(tmp_path / "fast.mp4", Clip(options={"movflags": "faststart"}))
    whole = source.read_bytes()
    media = next(start for kind, start, _ in boxes_of(whole) if kind == b"mdat")
    assert "truncated" in refused(written(tmp_path, whole[: (media + len(whole)) // 2]))
    # Even where the box was shrunk to hide it, the index lists what is no longer there.
    shrunk = bytearray(whole[: (media + len(whole)) // 2])
    shrunk[media : media + 4] = struct.pack(">I", len(shrunk) - media)
    assert "damaged" in refused(written(tmp_path, bytes(shrunk)))


def test_an_mp4_without_its_index_is_refused(sale_mp4: Path, tmp_path: Path) -> None:
    whole = sale_mp4.read_bytes()
    start = next(start for kind, start, _ in boxes_of(whole) if kind == b"moov")
    assert "never finished" in refused(written(tmp_path, whole[:start]))


def test_a_matroska_file_cut_anywhere_is_refused(sale_mkv: Path, live_webm: Path, tmp_path: Path) -> None:
    for source in (sale_mkv, live_webm):
        whole = source.read_bytes()
        for share in (1, 5, 100, 400, 600, 800, 950, 990):
            refused(written(tmp_path, whole[: len(whole) * share // 1000]))


def test_a_matroska_file_cut_between_clusters_is_refused(tmp_path: Path) -> None:
    source = make_media(tmp_path / "long.mkv", Clip(seconds=12))
    whole = source.read_bytes()
    border = whole.rindex(b"\x1f\x43\xb6\x75", 0, whole.rindex(b"\x1c\x53\xbb\x6b"))
    assert "truncated" in refused(written(tmp_path, whole[:border]))
    # The segment's size set to unknown, as a live recorder leaves it: the promised duration still tells.
    opened = bytearray(whole[:border])
    at = opened.index(b"\x18\x53\x80\x67") + 4
    opened[at : at + 8] = b"\x01" + b"\xff" * 7
    assert "promises a longer recording" in refused(written(tmp_path, bytes(opened)))


def test_a_hole_torn_into_the_middle_is_refused(sale_mp4: Path, sale_mkv: Path, tmp_path: Path) -> None:
    for source in (sale_mp4, sale_mkv):
        whole = source.read_bytes()
        middle = len(whole) // 2
        refused(written(tmp_path, whole[:middle] + whole[middle + 5_000 :]))


def test_tables_that_claim_more_than_they_hold_are_refused(sale_mp4: Path, tmp_path: Path) -> None:
    whole = sale_mp4.read_bytes()
    for table, offset in ((b"stsz", 12), (b"stts", 8), (b"ctts", 8), (b"stts", 12), (b"elst", 8)):
        content = bytearray(whole)
        at = content.index(table) + offset
        content[at : at + 4] = b"\x7f\xff\xff\xff"
        message = refused(written(tmp_path, bytes(content)))
        assert "claims more" in message or "do not fit" in message or "edit list" in message


def test_an_edit_list_that_hides_the_end_is_refused(sale_mp4: Path, tmp_path: Path) -> None:
    content = bytearray(sale_mp4.read_bytes())
    at = content.index(b"elst") + 12
    content[at : at + 4] = (2_000).to_bytes(4)
    assert "hides the end" in refused(written(tmp_path, bytes(content)))


def test_an_mp4_whose_speed_was_edited_is_refused(sale_mp4: Path, tmp_path: Path) -> None:
    content = bytearray(sale_mp4.read_bytes())
    at = content.index(b"elst") + 20
    content[at : at + 4] = b"\x00\x02\x00\x00"
    assert "speed" in refused(written(tmp_path, bytes(content)))


def test_codecs_that_would_need_re_encoding_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuvj420p"
        frame = av.VideoFrame(160, 120, "yuvj420p")
        for number in range(30):
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert "coded as mjpeg" in refused(path, [])
    spoken = make_media(tmp_path / "spoken.mkv", Clip(audio="flac", audio_tracks=1))
    assert "coded as flac" in refused(spoken, [TrackRole(0, "agent")])


def test_a_file_without_picture_or_sound_is_refused(tmp_path: Path) -> None:
    source = make_media(tmp_path / "call.mp4", Clip(video="", audio_tracks=1, seconds=2))
    content = source.read_bytes().replace(b"soun", b"meta").replace(b"mp4a", b"mett")
    assert "neither picture nor sound" in refused(written(tmp_path, content), [])


def test_two_pictures_in_one_file_are_refused(tmp_path: Path) -> None:
    single = make_media(tmp_path / "one.webm", Clip(video="libvpx", seconds=2, audio_tracks=0))
    path = tmp_path / "two.mkv"
    with av.open(str(single)) as given, av.open(str(path), "w") as container:
        streams = [container.add_stream_from_template(given.streams.video[0]) for _ in range(2)]
        for packet in given.demux():
            if packet.size:
                payload = bytes(packet)
                for stream in streams:
                    again = av.Packet(payload)
                    again.stream, again.pts, again.dts, again.time_base = stream, packet.pts, packet.pts, packet.time_base
                    container.mux(again)
    assert "more than one picture" in refused(path, [])


def test_a_break_after_the_beginning_abandons_and_shreds(tmp_path: Path) -> None:
    """Found only while reading: the recording had begun, so the log says that it was given up."""
    source = make_media(tmp_path / "long.mp4", Clip(seconds=20))
    content = bytearray(source.read_bytes())
    # The last sample size of the picture's table, raised: structure and length still fit.
    at = content.index(b"stsz") + 16 + 4 * (20 * 25 - 3)
    content[at : at + 4] = (5_000_000).to_bytes(4)
    log = MemoryLog()
    with pytest.raises(InvalidError):
        capture_file(written(tmp_path, bytes(content)), tracks=ROLES, using=CapturePorts(log))
    kinds = [event.type for event in log.events]
    assert kinds[0] is EventType.RECORDING_STARTED
    assert kinds.count(EventType.SEGMENT_SEALED) > 5
    assert kinds[-1] is EventType.RECORDING_ABANDONED
    assert log.is_shredded
