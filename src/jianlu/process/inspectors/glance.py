"""A glance: the last picture of some segments, looked at as the faces inspector does.

For prompts while people talk, never for findings: one picture says nothing about a second.
"""

from __future__ import annotations

from typing import BinaryIO

from jianlu.core.formats.plan import Track
from jianlu.core.terms.findings import Finding
from jianlu.process.inspectors.faces import FacesTrack
from jianlu.process.inspectors.ports import FaceDetector
from jianlu.process.media.picture import newest_picture


def glance(reader: BinaryIO, track: Track, detector: FaceDetector, *, keys_only: bool, since_ms: int = 0) -> list[Finding]:
    """The faces of one picture, the last or the last that stands by itself; [] when there is none since `since_ms`.

    Raises InvalidError for unreadable media.
    """
    newest = newest_picture(reader, track.stream, keys_only=keys_only, since_ms=since_ms)
    looking = FacesTrack(track.id, detector)
    if newest is not None:
        looking.look(newest)
    return looking.findings
