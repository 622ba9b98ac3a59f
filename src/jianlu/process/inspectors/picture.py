"""Picture: stretches in which it is black, and stretches in which what is shown does not change.

Frozen means that no cell of the picture left what a codec's own noise explains, measured against the picture at which the
stretch began: people who sit still drift away from it within a second, a stuck camera never does. A missing frame leaves
the one before it on the screen, so a long hole is frozen picture, and a slow one that moves is not. The corner of the
sync mark is left out.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from jianlu.core.terms.findings import Finding, FindingKind
from jianlu.process.inspectors.measures import rule_engine
from jianlu.process.media.picture import LUMA_HEIGHT, Luma, Picture

BLACK_LUMA_MAX = 16
"""Mean luma (0 to 255) up to which a picture is black: a covered lens gives 0 to 8, a face in a dark room 25 and more."""

BLACK_MS_MIN = 200
"""Shorter blacks are transitions."""

CELL = 5
"""Cells of 5 x 5 pixels of the grey picture: a mouth at ten per cent of the frame's height fills one."""

CHANGE_MIN = 8
"""Mean luma steps by which some cell must differ. Measured: a still picture re-encoded at 60 to 400 kbit/s by x264, VP9 and AV1
stays within 4.6 of its first frame, key frames included; talking people differ by 12 after 0.2 s and by 33 after 1 s."""

FROZEN_MS_MIN = 1000
"""Shorter stills are people who sit still."""

HOLE_MS_MIN = 2000
"""A single frame stands for a still only from here on: a poor line sends a picture a second, each another, and nothing is frozen."""

MARK_CELLS = -(-(LUMA_HEIGHT // 8 + 4) // CELL)
"""Side, in cells, of the corner that is left out: the sync mark and the blur around it."""

ENGINE = rule_engine(
    "jianlu.picture",
    "1",
    {
        "black_luma_max": BLACK_LUMA_MAX,
        "black_ms_min": BLACK_MS_MIN,
        "cell": CELL,
        "change_min": CHANGE_MIN,
        "frozen_ms_min": FROZEN_MS_MIN,
        "hole_ms_min": HOLE_MS_MIN,
        "luma_height": LUMA_HEIGHT,
        "mark_cells": MARK_CELLS,
    },
)

_Cells = npt.NDArray[np.float32]


class PictureTrack:
    """Looks at one track picture by picture."""

    def __init__(self, track: str) -> None:
        self.findings: list[Finding] = []
        self._track = track
        self._black_since: int | None = None
        self._black_lumas: list[float] = []
        self._still_since: int | None = None
        self._still: _Cells = np.zeros((0, 0), dtype=np.float32)
        self._frames = 0

    def look(self, picture: Picture) -> None:
        """Take the next picture."""
        cells = _cells(picture.luma)
        mean = _mean(cells)
        if mean <= BLACK_LUMA_MAX:
            self._end_still(picture.at_ms)
            self._black_since = picture.at_ms if self._black_since is None else self._black_since
            self._black_lumas = [*self._black_lumas[-999:], mean]
            return
        self._end_black(picture.at_ms)
        if self._still_since is None or _differs(cells, self._still):
            self._end_still(picture.at_ms)
            self._still_since, self._still, self._frames = picture.at_ms, cells, 0
        self._frames += 1

    def finish(self, end_ms: int) -> None:
        """The session is over at `end_ms`; the last picture stayed until then."""
        self._end_black(end_ms)
        self._end_still(end_ms)

    def _end_black(self, at_ms: int) -> None:
        since, self._black_since = self._black_since, None
        if since is not None and at_ms - since >= BLACK_MS_MIN:
            luma = round(sum(self._black_lumas) / len(self._black_lumas))
            self._note(FindingKind.BLACK, since, at_ms, {"luma": luma})
        self._black_lumas = []

    def _end_still(self, at_ms: int) -> None:
        since, self._still_since = self._still_since, None
        if since is not None and at_ms - since >= (FROZEN_MS_MIN if self._frames > 1 else HOLE_MS_MIN):
            self._note(FindingKind.FROZEN, since, at_ms, {"frames": self._frames})

    def _note(self, kind: FindingKind, from_ms: int, to_ms: int, value: dict[str, int]) -> None:
        self.findings.append(Finding("", kind, self._track, from_ms, to_ms, 1000, 1000, ENGINE, value))


def _cells(luma: Luma) -> _Cells:
    """Mean luma of each cell; zero, always, in the mark's corner."""
    rows, columns = luma.shape[0] // CELL, luma.shape[1] // CELL
    whole = np.asarray(luma[: rows * CELL, : columns * CELL], dtype=np.float32)
    cells = np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.float32)
    cells[-MARK_CELLS:, :MARK_CELLS] = 0
    return cells


def _mean(cells: _Cells) -> float:
    """Mean luma outside the mark's corner."""
    return float(cells.sum()) / float(cells.size - MARK_CELLS**2)


def _differs(cells: _Cells, still: _Cells) -> bool:
    return cells.shape != still.shape or bool(np.abs(cells - still).max() >= CHANGE_MIN)
