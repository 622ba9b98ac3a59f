"""The picture: the loop of two faces, with flashes for the sync marks, and what a recipe breaks in it.

Frames are planar YUV 4:2:0, 25 a second, read from assets/faces.mp4 as they are needed. Not here: encoding.
"""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np
from numpy.typing import NDArray

from jianlu.entry.sample.recipe import Recipe
from jianlu.entry.sample.schedule import FRAME_MS, MARK_MS, Timeline
from jianlu.entry.sample.script import ASSETS

Picture = NDArray[np.uint8]

WIDTH, HEIGHT = 640, 360
MARK_SIDE = HEIGHT // 8
BLACK, WHITE, COLOURLESS = 16, 235, 128  # limited range


def faces() -> Iterator[Picture]:
    """The frames of the loop, for ever; each is a fresh array of HEIGHT * 3 / 2 rows: luma, then both chroma planes."""
    while True:
        with av.open(str(ASSETS / "faces.mp4")) as film:
            for frame in film.decode(video=0):
                yield np.array(frame.to_ndarray(format="yuv420p"), dtype=np.uint8)


def flash(picture: Picture) -> None:
    """A white square in the bottom left corner, an eighth of the frame high."""
    side, half = MARK_SIDE, (MARK_SIDE + 1) // 2
    picture[HEIGHT - side : HEIGHT, :side] = WHITE
    for plane in picture[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2):
        plane[-half:, :half] = COLOURLESS


def blackened() -> Picture:
    picture = np.full((HEIGHT * 3 // 2, WIDTH), COLOURLESS, dtype=np.uint8)
    picture[:HEIGHT] = BLACK
    return picture


def pictures(recipe: Recipe, timeline: Timeline) -> Iterator[Picture]:
    """Every frame of the session in order."""
    flashing = {mark + late for mark in timeline.marks_ms for late in range(0, MARK_MS, FRAME_MS)}
    held: Picture | None = None
    for at_ms, picture in zip(range(0, timeline.duration_ms, FRAME_MS), faces(), strict=False):
        if at_ms in flashing:
            flash(picture)
        if recipe.freeze and recipe.freeze.holds(at_ms):
            held = picture if held is None else held
            picture = held
        if recipe.black and recipe.black.holds(at_ms):
            picture = blackened()
        yield picture
