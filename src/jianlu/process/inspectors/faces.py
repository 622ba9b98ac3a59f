"""Faces: how many are in the picture, second by second, how tall, and whether the picture is fit to show them.

The first picture of each second is looked at; in a second without a new one, that which is still on the screen. Nobody is
measured for recognition and nobody is recognised: no embedding is made, and no image is kept.
"""

from __future__ import annotations

import cv2
import numpy as np

from jianlu.core.terms.findings import Finding, FindingKind
from jianlu.process.inspectors.ports import FaceDetector
from jianlu.process.media.picture import Picture

STEP_MS = 1000
"""One look a second: a person who leaves is missed for a second at most."""

FACES_MAX = 64
"""Faces written down for one second; a crowd is counted up to here."""


HELD_MS_MAX = 2000
"""A picture is on the screen for as long as a slow line may take for the next; beyond that nothing is shown, and nothing is examined."""


class FacesTrack:
    """Looks at one track, one picture a second."""

    def __init__(self, track: str, detector: FaceDetector) -> None:
        self.findings: list[Finding] = []
        self._track = track
        self._detector = detector
        self._second = -1
        self._shown: Picture | None = None

    def look(self, picture: Picture) -> None:
        """Take the next picture; only the first of a second is examined."""
        second = picture.at_ms // STEP_MS
        before, self._shown = self._shown, picture
        if second == self._second:
            return
        if before is not None and picture.at_ms - before.at_ms <= HELD_MS_MAX:
            for skipped in range(self._second + 1, second):
                self._examine(before, skipped)
        self._examine(picture, second)
        self._second = second

    def _examine(self, picture: Picture, second: int) -> None:
        colours = picture.colour(*self._detector.side_range)
        faces = sorted(self._detector.detect(colours), key=lambda face: -face.height)[:FACES_MAX]
        height = colours.shape[0]
        grey = cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY)
        value = {
            "count": len(faces),
            "height_permille": [min(1000, face.height * 1000 // height) for face in faces],
            "brightness": round(float(np.mean(grey))),
            "sharpness": round(float(cv2.Laplacian(grey, cv2.CV_32F).var())),
        }
        score = min((face.score for face in faces), default=0)
        start = second * STEP_MS
        engine, threshold = self._detector.engine, self._detector.threshold
        self.findings.append(Finding("", FindingKind.FACES, self._track, start, start + STEP_MS, score, threshold, engine, value))

    def finish(self, end_ms: int) -> None:
        """The track is over at `end_ms`: the last picture stayed until then, and the last second ends there."""
        last_shown, self._shown = self._shown, None
        if last_shown is not None and end_ms - last_shown.at_ms <= HELD_MS_MAX:
            for skipped in range(self._second + 1, -(-end_ms // STEP_MS)):
                self._examine(last_shown, skipped)
        if self.findings and self.findings[-1].to_ms > end_ms:
            last = self.findings.pop()
            until = max(end_ms, last.from_ms)
            self.findings.append(
                Finding("", last.kind, last.track, last.from_ms, until, last.score, last.threshold, last.engine, last.value)
            )
