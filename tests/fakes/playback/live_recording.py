"""Recordings as a live session leaves them: a camera and a microphone for each seat, all in one fragmented MP4, sealed in a case.

The media are made by real encoders; the recorder is the real one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from jianlu.capture.recording.model import AudioShape, DeclaredGap, MediaSegment, Opening, Sample, TrackFormat, VideoShape
from jianlu.capture.recording.recorder import Recorder
from jianlu.capture.recording.vpx_setup import vp8_setup
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import CaseLog

CODECS = {"h264": "h264", "vp8": "vp8", "opus": "opus", "aac": "aac"}


@dataclass(frozen=True)
class Feed:
    """Which stream of which file is recorded as which track."""

    track: str
    path: Path
    kind: str
    index: int = 0


def feeds_of(seats: Mapping[str, Path]) -> list[Feed]:
    """Cameras, then microphones, as `tracks_for` has them."""
    cameras = [Feed(f"{seat}-picture", path, "video") for seat, path in seats.items()]
    return [*cameras, *(Feed(seat, path, "audio") for seat, path in seats.items())]


def record_live(log: CaseLog, feeds: Sequence[Feed]) -> None:
    """Record `feeds` from beginning to end into the case of `log`."""
    read = [read_feed(feed) for feed in feeds]
    formats = [track for track, _ in read]
    recorder = Recorder(formats)
    stored = [(Fraction(s.pts, t.timescale), n, s) for n, (t, samples) in enumerate(read) for s in samples]
    stored.sort(key=lambda each: each[:2])
    outputs = [output for _, number, sample in stored for output in recorder.push(number, sample)] + recorder.finish()
    totals = [0, 0]
    for output in outputs:
        if isinstance(output, Opening):
            tracks = [[track.track, track.kind, track.codec] for track in formats]
            body: dict[str, Any] = {"tracks": tracks, "source": "0" * 64, "recorder": "test/1"}
            log.seal_and_append(EventType.RECORDING_STARTED, "init", output.plaintext, body, part="init")
            totals[1] += len(output.plaintext)
        elif isinstance(output, MediaSegment):
            body = {"no": output.no, "from_ms": output.from_ms, "to_ms": output.to_ms}
            log.seal_and_append(EventType.SEGMENT_SEALED, f"seg-{output.no:06d}", output.plaintext, body)
            totals = [output.no, totals[1] + len(output.plaintext)]
        elif isinstance(output, DeclaredGap):
            body = {"from_ms": output.from_ms, "to_ms": output.to_ms, "reason": output.reason.value, "side": output.side}
            log.append(EventType.GAP_DECLARED, body)
    ended = {"segments": totals[0], "duration_ms": recorder.end_ms, "media_bytes": totals[1]}
    log.append(EventType.RECORDING_ENDED, ended)


def read_feed(feed: Feed) -> tuple[TrackFormat, list[Sample]]:
    """The format and the coded samples of one feed."""
    with av.open(str(feed.path)) as container:
        stream: Any = (container.streams.video if feed.kind == "video" else container.streams.audio)[feed.index]
        codec = CODECS[stream.codec_context.name.replace("libopus", "opus").replace("libvpx", "vp8")]
        timescale = stream.time_base.denominator // stream.time_base.numerator
        coded = stream.codec_context
        shape = VideoShape(coded.width, coded.height) if feed.kind == "video" else AudioShape(48000, coded.channels)
        setup = vp8_setup(None) if codec == "vp8" else bytes(coded.extradata or b"")
        samples = [
            Sample(max(0, packet.pts), packet.duration or 0, bool(packet.is_keyframe), bytes(packet))
            for packet in container.demux(stream)
            if packet.size and packet.pts is not None
        ]
    return TrackFormat(feed.track, codec, setup, timescale, shape), samples
