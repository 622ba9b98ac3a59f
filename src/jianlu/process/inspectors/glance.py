"""A glance: the last picture of some segments that stands by itself, looked at as the faces inspector does.

For prompts while people talk, never for findings: one picture says nothing about a second.
"""

from __future__ import annotations

from collections import deque
from typing import BinaryIO

from jianlu.core.formats.plan import Track
from jianlu.core.terms.findings import Finding
from jianlu.process.inspectors.faces import FacesTrack
from jianlu.process.inspectors.ports import FaceDetector
from jianlu.process.media.picture import pictures


def glance(reader: BinaryIO, track: Track, detector: FaceDetector) -> list[Finding]:
    """The faces of one picture; [] when no picture in there stands by itself. Raises InvalidError for unreadable media."""
    looking = FacesTrack(track.id, detector)
    for newest in deque(pictures(reader, track.stream, keys_only=True), maxlen=1):
        looking.look(newest)
    return looking.findings
