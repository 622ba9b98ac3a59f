"""The use case: a media file becomes sealed segments and events of its case, unchanged and in one pass.

Each segment is sealed and in the ledger while the rest is still being read. A crash resumes by calling again. A file that
turns out broken after the recording began is abandoned: the event says so, and what was sealed is shredded.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from jianlu.capture.model import Progress, RecordedSegment, Recording, Track, TrackRole
from jianlu.capture.ports import CapturePorts
from jianlu.capture.recording.model import DeclaredGap, MediaSegment, Opening, Output
from jianlu.capture.recording.recorder import Recorder
from jianlu.capture.uploads._opening import media_errors
from jianlu.capture.uploads.journal import Journal
from jianlu.capture.uploads.model import Probe
from jianlu.capture.uploads.read import Source, open_source
from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.limits import SEGMENT_PLAIN_BYTES_MAX
from jianlu.core.terms.events import EventType

RECORDER = "file/1"
"""Name and version of this recorder in the events."""

_EDGE_BYTES = 1 << 20


def capture_file(
    media: Path,
    *,
    tracks: Sequence[TrackRole],
    using: CapturePorts,
    progress: Callable[[Progress], None] | None = None,
) -> Recording:
    """Capture `media` into the case of `using.log`; call again with the same file after a crash to go on.

    InvalidError when the file cannot be captured whole: before the recording began nothing is written, afterwards it is abandoned and
    shredded. ConflictError when the case holds another recording. UnavailableError when storage or the file fails; call again.
    """
    journal = Journal(using.log)
    with open_source(media, tracks) as source:
        capture = _Capture(source, journal, _source_description(media, source.probe), progress)
        try:
            return capture.run()
        except InvalidError:
            if journal.has_begun:
                using.log.abandon("invalid_source")
            raise


def _source_description(media: Path, probed: Probe) -> bytes:
    """What identifies the file handed in: its shape, and its first and last mebibyte."""
    with media_errors(), media.open("rb") as stream:
        head = stream.read(_EDGE_BYTES)
        stream.seek(max(0, probed.file_bytes - _EDGE_BYTES), os.SEEK_SET)
        tail = stream.read(_EDGE_BYTES)
    return canonical_bytes(
        {
            "format": "jianlu/source/v1",
            "container": probed.container,
            "bytes": probed.file_bytes,
            "streams": [[stream.kind, stream.codec] for stream in probed.streams],
            "head": hashlib.sha256(head).hexdigest(),
            "tail": hashlib.sha256(tail).hexdigest(),
        }
    )


class _Capture:
    """One run over one file."""

    def __init__(self, source: Source, journal: Journal, description: bytes, progress: Callable[[Progress], None] | None) -> None:
        self._source, self._journal, self._description = source, journal, description
        self._progress = progress
        self._tracks = tuple(Track(track.track, track.kind, track.codec) for track in source.tracks)
        self._segments: list[RecordedSegment] = []
        self._gaps: list[DeclaredGap] = []
        self._init_digest = ""
        self._media_bytes = 0

    def run(self) -> Recording:
        recorder = Recorder(self._source.tracks)
        for track, sample in self._source.samples():
            self._write(recorder.push(track, sample))
        self._write(recorder.finish())
        duration_ms = recorder.end_ms
        self._journal.record(
            EventType.RECORDING_ENDED,
            {"segments": len(self._segments), "duration_ms": duration_ms, "media_bytes": self._media_bytes},
        )
        return Recording(
            self._tracks, self._init_digest, tuple(self._segments), tuple(self._gaps), duration_ms, self._media_bytes
        )

    def _write(self, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, Opening):
                self._open(output)
            elif isinstance(output, MediaSegment):
                self._seal(output)
            else:
                gap = {"from_ms": output.from_ms, "to_ms": output.to_ms, "reason": output.reason.value, "side": output.side}
                self._journal.record(EventType.GAP_DECLARED, gap)
                self._gaps.append(output)

    def _open(self, opening: Opening) -> None:
        body = {
            "tracks": [[track.track, track.kind, track.codec] for track in self._tracks],
            "source": self._journal.commitment("source", self._description),
            "recorder": RECORDER,
        }
        self._journal.seal(EventType.RECORDING_STARTED, "init", opening.plaintext, body, part="init")
        self._init_digest = hashlib.sha256(opening.plaintext).hexdigest()
        self._media_bytes += len(opening.plaintext)

    def _seal(self, segment: MediaSegment) -> None:
        plain_bytes = len(segment.plaintext)
        if plain_bytes > SEGMENT_PLAIN_BYTES_MAX:
            raise InvalidError("the bit rate is beyond any recording of a session: export the file with a lower one")
        body = {"no": segment.no, "from_ms": segment.from_ms, "to_ms": segment.to_ms}
        self._journal.seal(EventType.SEGMENT_SEALED, f"seg-{segment.no:06d}", segment.plaintext, body)
        self._segments.append(RecordedSegment(segment.no, segment.from_ms, segment.to_ms, plain_bytes))
        self._media_bytes += plain_bytes
        if self._progress is not None:
            progress = Progress(segment.to_ms, self._source.probe.duration_ms, len(self._segments), self._media_bytes)
            self._progress(progress)
